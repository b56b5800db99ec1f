# An always-on loader on an EC2 instance, told of changes by a queue.
#
#   terraform init && terraform apply -var source_bucket=in -var tables_bucket=lake
#
# Then on the instance, with the printed queue URL: deploy/systemd/README.md.

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
  description = "Bucket of the customers' files."
  type        = string
}

variable "tables_bucket" {
  description = "Bucket of the tables."
  type        = string
}

module "rtloader" {
  source = "../.."

  mode            = "service"
  service_runs_on = "ec2"

  source_bucket = var.source_bucket
  source_prefix = "customers/"
  tables_bucket = var.tables_bucket
  tables_prefix = "tables/"
}

output "instance_profile" {
  description = "Give it to the instance."
  value       = module.rtloader.instance_profile_name
}

output "environment" {
  description = "For /etc/rtloader/customers.env"
  value       = <<-TEXT
    AWS_REGION=${var.region}
    RTLOADER_SOURCE_PATH=s3://${var.source_bucket}/customers/
    RTLOADER_TABLES_ROOT=s3://${var.tables_bucket}/tables/
    RTLOADER_EVENTS_SQS=${module.rtloader.queue_url}
  TEXT
}
