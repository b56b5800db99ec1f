locals {
  is_lambda = var.mode == "lambda"
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id # .name in older providers, .region in newer ones

  source_bucket_arn = "arn:${local.partition}:s3:::${var.source_bucket}"
  tables_bucket_arn = "arn:${local.partition}:s3:::${var.tables_bucket}"
  source_objects    = "${local.source_bucket_arn}/${var.source_prefix}*"
  tables_objects    = "${local.tables_bucket_arn}/${var.tables_prefix}*"

  # Spelled out, so that a plan shows every policy as it will be.
  queue_arn = "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}-events"
  rule_arn  = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${var.name}-source"
  log_arn   = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${var.name}"

  # While a message is hidden nobody else is given it. A service extends the time as long as it works on it; Lambda cannot.
  visibility_seconds = local.is_lambda ? 6 * var.timeout_seconds : 120

  # RTLOADER_ROWS_SCHEMA for rows.schema
  option_variables = {
    for option, value in var.options : "RTLOADER_${upper(replace(option, ".", "_"))}" => value
  }
  function_variables = merge(
    {
      RTLOADER_SOURCE_PATH    = "s3://${var.source_bucket}/${var.source_prefix}"
      RTLOADER_TABLES_ROOT    = "s3://${var.tables_bucket}/${var.tables_prefix}"
      RTLOADER_SOURCE_HISTORY = var.history
      RTLOADER_LOG_FORMAT     = "json"
    },
    local.option_variables,
  )
}
