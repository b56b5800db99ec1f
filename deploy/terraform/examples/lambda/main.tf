# A loader that runs only when files arrive: bucket → EventBridge → queue → Lambda. Every version of a file is kept.
#
#   ./dev build && tools/package-lambda
#   terraform init && terraform apply -var source_bucket=in -var tables_bucket=lake

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  description = "Where the buckets are."
  type        = string
  default     = "us-east-1"
}

variable "source_bucket" {
  description = "Bucket of the customers' files; versioned."
  type        = string
}

variable "tables_bucket" {
  description = "Bucket of the tables."
  type        = string
}

variable "package_file" {
  description = "What tools/package-lambda made."
  type        = string
  default     = "../../../../build/lambda/rtloader-x86_64.zip"
}

module "rtloader" {
  source = "../.."

  mode         = "lambda"
  eventbridge  = true
  history      = "all"
  package_file = var.package_file
  architecture = "x86_64"

  source_bucket = var.source_bucket
  source_prefix = "customers/"
  tables_bucket = var.tables_bucket
  tables_prefix = "tables/"

  # this bucket is the tables' alone: nothing is lost when its policy is set
  manage_tables_bucket_policy = true

  options = {
    "source.pattern" = "id-(\\d+)\\.txt"
  }
}

output "function" {
  description = "Its name."
  value       = module.rtloader.function_name
}

output "dead_letter_queue" {
  description = "Look here when files do not arrive."
  value       = module.rtloader.dead_letter_queue_url
}
