# What the loader may do, and nothing else. docs/aws.md says of each right what it is for.

locals {
  # s3:ListBucket also decides whether an absent key answers 404 or 403, and a loader must be able to tell. IfExists: the
  # question whether there is a bucket at all names no prefix.
  source_statements = concat(
    [
      {
        Sid       = "ListSource"
        Effect    = "Allow"
        Action    = concat(["s3:ListBucket"], var.history == "all" ? ["s3:ListBucketVersions"] : [])
        Resource  = [local.source_bucket_arn]
        Condition = { StringLikeIfExists = { "s3:prefix" = ["${var.source_prefix}*"] } }
      },
      {
        Sid      = "DescribeSource"
        Effect   = "Allow"
        Action   = ["s3:GetBucketVersioning", "s3:GetBucketNotification"]
        Resource = [local.source_bucket_arn]
      },
      {
        Sid      = "ReadSource"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = [local.source_objects]
      },
    ],
    var.source_kms_key_arn == null ? [] : [
      {
        Sid      = "DecryptSource"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [var.source_kms_key_arn]
      },
    ],
  )

  tables_statements = concat(
    [
      {
        Sid       = "ListTables"
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = [local.tables_bucket_arn]
        Condition = { StringLikeIfExists = { "s3:prefix" = ["${var.tables_prefix}*"] } }
      },
      {
        Sid      = "WriteTables"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        Resource = [local.tables_objects]
      },
    ],
    var.tables_kms_key_arn == null ? [] : [
      {
        Sid      = "EncryptTables"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.tables_kms_key_arn]
      },
    ],
  )

  queue_statements = concat(
    [
      {
        Sid      = "ReadEvents"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        Resource = [local.queue_arn]
      },
    ],
    var.queue_kms_key_arn == null ? [] : [
      {
        Sid      = "DecryptEvents"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [var.queue_kms_key_arn]
      },
    ],
  )
}

# Statements differ in shape, which a Terraform list may not: each is encoded on its own.
resource "aws_iam_policy" "loader" {
  name        = "${var.name}-loader"
  description = "Read s3://${var.source_bucket}/${var.source_prefix}, write s3://${var.tables_bucket}/${var.tables_prefix}, take events"
  tags        = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for statement in concat(
        [for s in local.source_statements : jsonencode(s)],
        [for s in local.tables_statements : jsonencode(s)],
        [for s in local.queue_statements : jsonencode(s)],
      ) : jsondecode(statement)
    ]
  })
}
