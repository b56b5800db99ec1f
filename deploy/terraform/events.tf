# From the bucket to the queue, straight or over EventBridge.

resource "aws_s3_bucket_notification" "source" {
  count = var.manage_bucket_notification ? 1 : 0

  bucket      = var.source_bucket
  eventbridge = var.eventbridge

  dynamic "queue" {
    for_each = var.eventbridge ? [] : [aws_sqs_queue.events.arn]

    content {
      id            = var.name
      queue_arn     = queue.value
      events        = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
      filter_prefix = var.source_prefix == "" ? null : var.source_prefix
    }
  }

  # S3 sends a test message when this is set, and refuses to set it while it may not send.
  depends_on = [aws_sqs_queue_policy.events]
}

resource "aws_cloudwatch_event_rule" "source" {
  count = var.eventbridge ? 1 : 0

  name        = "${var.name}-source"
  description = "Files that appear, change or go below s3://${var.source_bucket}/${var.source_prefix}"
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    account     = [local.account]
    detail-type = ["Object Created", "Object Deleted"]
    detail = merge(
      { bucket = { name = [var.source_bucket] } },
      var.source_prefix == "" ? {} : { object = { key = [{ prefix = var.source_prefix }] } },
    )
  })
}

resource "aws_cloudwatch_event_target" "queue" {
  count = var.eventbridge ? 1 : 0

  rule      = aws_cloudwatch_event_rule.source[0].name
  target_id = "queue"
  arn       = aws_sqs_queue.events.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }
}
