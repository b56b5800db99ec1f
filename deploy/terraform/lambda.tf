# mode = "lambda": the queue wakes a function, which loads just the files that the messages name.

resource "aws_iam_role" "function" {
  count = local.is_lambda ? 1 : 0

  name = "${var.name}-function"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "function" {
  count = local.is_lambda ? 1 : 0

  role       = aws_iam_role.function[0].name
  policy_arn = aws_iam_policy.loader.arn
}

resource "aws_cloudwatch_log_group" "function" {
  count = local.is_lambda ? 1 : 0

  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_iam_role_policy" "log" {
  count = local.is_lambda ? 1 : 0

  name = "log"
  role = aws_iam_role.function[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "WriteLog"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${local.log_arn}:*"]
    }]
  })
}

resource "aws_lambda_function" "loader" {
  count = local.is_lambda ? 1 : 0

  function_name = var.name
  description   = "Delta tables that follow s3://${var.source_bucket}/${var.source_prefix}"
  role          = aws_iam_role.function[0].arn
  architectures = [var.architecture]
  memory_size   = var.memory_mb
  timeout       = var.timeout_seconds
  tags          = var.tags

  package_type     = var.image_uri == null ? "Zip" : "Image"
  image_uri        = var.image_uri
  filename         = var.image_uri == null ? var.package_file : null
  source_code_hash = var.image_uri == null && var.package_file != null ? filebase64sha256(var.package_file) : null
  runtime          = var.image_uri == null ? "provided.al2023" : null
  handler          = var.image_uri == null ? "bootstrap" : null

  environment {
    variables = local.function_variables
  }

  lifecycle {
    precondition {
      condition     = (var.package_file == null) != (var.image_uri == null)
      error_message = "mode = \"lambda\" needs either package_file or image_uri."
    }
  }

  depends_on = [aws_cloudwatch_log_group.function, aws_iam_role_policy.log, aws_iam_role_policy_attachment.function]
}

resource "aws_lambda_event_source_mapping" "events" {
  count = local.is_lambda ? 1 : 0

  event_source_arn                   = aws_sqs_queue.events.arn
  function_name                      = aws_lambda_function.loader[0].arn
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = var.batch_window_seconds
  function_response_types            = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.max_concurrency
  }

  lifecycle {
    precondition {
      condition     = var.batch_size <= 10 || var.batch_window_seconds >= 1
      error_message = "A batch_size above 10 needs batch_window_seconds of at least 1."
    }
  }
}
