# A commit of a Delta table is a file that nobody may overwrite. Writers that ask S3 for that ("If-None-Match: *") are safe
# among each other; one that does not could replace a commit that others have built on. S3 refuses it then.

locals {
  # Exactly the numbered commits: 20 digits and ".json". _last_checkpoint, checkpoints, sidecars and checksums are rewritten
  # by right and are not meant.
  numbered_commits = "${local.tables_bucket_arn}/${var.tables_prefix}*_delta_log/????????????????????.json"

  # The parts of a multipart upload cannot carry the condition; its completion can, and is where the object appears.
  conditional_commits_statement = {
    Sid       = "CommitsAreNeverOverwritten"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:PutObject"
    Resource  = local.numbered_commits
    Condition = {
      Null = { "s3:if-none-match" = "true" }
      Bool = { "s3:ObjectCreationOperation" = "true" }
    }
  }
}

resource "aws_s3_bucket_policy" "tables" {
  count = var.manage_tables_bucket_policy ? 1 : 0

  bucket = var.tables_bucket

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for statement in concat([jsonencode(local.conditional_commits_statement)], var.other_bucket_policy_statements) :
      jsondecode(statement)
    ]
  })
}
