variable "name" {
  description = "Names what is made: queues, roles, the function."
  type        = string
  default     = "rtloader"
}

variable "mode" {
  description = "service: a policy (and a role) for `rtloader watch`, which reads the queue. lambda: a function that the queue wakes."
  type        = string
  default     = "service"

  validation {
    condition     = contains(["service", "lambda"], var.mode)
    error_message = "mode is \"service\" or \"lambda\"."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = {}
}

# The customers' files

variable "source_bucket" {
  description = "Name of the bucket of the customers' files. It must exist."
  type        = string
}

variable "source_prefix" {
  description = "Folder of the customers' files in it: empty, or ends with \"/\"."
  type        = string
  default     = ""

  validation {
    condition     = var.source_prefix == "" || (endswith(var.source_prefix, "/") && !startswith(var.source_prefix, "/"))
    error_message = "source_prefix is empty, or ends with \"/\" and does not begin with one."
  }
}

variable "history" {
  description = "all: every version of a file goes to raw, which needs a versioned bucket and the right to list versions."
  type        = string
  default     = "latest"

  validation {
    condition     = contains(["latest", "all"], var.history)
    error_message = "history is \"latest\" or \"all\"."
  }
}

variable "source_kms_key_arn" {
  description = "KMS key that the customers' files are encrypted with, where it is a customer managed one."
  type        = string
  default     = null
}

# The tables

variable "tables_bucket" {
  description = "Name of the bucket of the tables. It must exist."
  type        = string
}

variable "tables_prefix" {
  description = "Folder of the tables in it: empty, or ends with \"/\". Not inside source_prefix of the same bucket, nor around it."
  type        = string
  default     = ""

  validation {
    condition     = var.tables_prefix == "" || (endswith(var.tables_prefix, "/") && !startswith(var.tables_prefix, "/"))
    error_message = "tables_prefix is empty, or ends with \"/\" and does not begin with one."
  }
}

variable "tables_kms_key_arn" {
  description = "KMS key that the tables are encrypted with, where it is a customer managed one."
  type        = string
  default     = null
}

variable "manage_tables_bucket_policy" {
  description = "true: set the bucket policy of the tables' bucket, to what other_bucket_policy_statements says and the refusal of unconditional commits. It REPLACES the policy that is there. false: add output conditional_commits_statement to your own."
  type        = bool
  default     = false
}

variable "other_bucket_policy_statements" {
  description = "Statements that the tables' bucket policy has besides, as JSON objects (jsonencode)."
  type        = list(string)
  default     = []
}

# Events

variable "eventbridge" {
  description = "true: the events take the way over EventBridge instead of straight to the queue."
  type        = bool
  default     = false
}

variable "manage_bucket_notification" {
  description = "true: set the source bucket's notification configuration. It REPLACES the one that is there: a bucket has only one. false: add output queue_arn (or eventbridge = true) to your own."
  type        = bool
  default     = true
}

variable "queue_kms_key_arn" {
  description = "Customer managed KMS key of the queues. Its key policy must let s3.amazonaws.com (or events.amazonaws.com) use kms:GenerateDataKey and kms:Decrypt. null: SQS's own encryption."
  type        = string
  default     = null
}

variable "queue_retention_seconds" {
  description = "How long an event waits for a loader at most. The next listing finds what was forgotten."
  type        = number
  default     = 345600
}

variable "max_receives" {
  description = "Deliveries of one message before it goes to the dead-letter queue."
  type        = number
  default     = 5
}

variable "alarm_topic_arns" {
  description = "SNS topics told when messages reach the dead-letter queue or wait for more than 15 minutes. Empty: no alarms."
  type        = list(string)
  default     = []
}

# mode = "service"

variable "service_runs_on" {
  description = "Whom the role trusts: ec2 (with an instance profile), ecs, eks-pod-identity, irsa; none: only the policy is made."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "ec2", "ecs", "eks-pod-identity", "irsa"], var.service_runs_on)
    error_message = "service_runs_on is none, ec2, ecs, eks-pod-identity or irsa."
  }
}

variable "oidc_provider_arn" {
  description = "irsa: ARN of the cluster's IAM OIDC provider."
  type        = string
  default     = ""
}

variable "oidc_subject" {
  description = "irsa: the service account, system:serviceaccount:NAMESPACE:NAME."
  type        = string
  default     = "system:serviceaccount:default:rtloader"
}

# mode = "lambda"

variable "package_file" {
  description = "The zip that tools/package-lambda made. Either this or image_uri."
  type        = string
  default     = null
}

variable "image_uri" {
  description = "A container image in ECR (deploy/lambda/Containerfile). Either this or package_file."
  type        = string
  default     = null
}

variable "architecture" {
  description = "What the zip or image was built on: x86_64 or arm64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture is \"x86_64\" or \"arm64\"."
  }
}

variable "memory_mb" {
  description = "Memory of the function. CPU grows with it: 1769 MB is one whole core."
  type        = number
  default     = 1769
}

variable "timeout_seconds" {
  description = "Longest run of one invocation (at most 900). The queue hides a message for six times as long."
  type        = number
  default     = 300

  validation {
    condition     = var.timeout_seconds >= 10 && var.timeout_seconds <= 900
    error_message = "timeout_seconds is 10 to 900."
  }
}

variable "batch_size" {
  description = "Messages of one invocation at most. They share one commit, so more is cheaper."
  type        = number
  default     = 100
}

variable "batch_window_seconds" {
  description = "How long the queue gathers a batch: cost against latency. At least 1 where batch_size is above 10."
  type        = number
  default     = 1

  validation {
    condition     = var.batch_window_seconds >= 0 && var.batch_window_seconds <= 300
    error_message = "batch_window_seconds is 0 to 300."
  }
}

variable "max_concurrency" {
  description = "Invocations at once (2 to 1000). They commit to the same log one after the other: a few full batches beat many small ones."
  type        = number
  default     = 4

  validation {
    condition     = var.max_concurrency >= 2 && var.max_concurrency <= 1000
    error_message = "max_concurrency is 2 to 1000."
  }
}

variable "options" {
  description = "Options of docs/configuration.md for the function, such as { \"rows.schema\" = \"wid STRING\" }. No secrets."
  type        = map(string)
  default     = {}
}

variable "log_retention_days" {
  description = "How long the function's log is kept."
  type        = number
  default     = 30
}
