output "queue_url" {
  description = "For events.sqs of the configuration (RTLOADER_EVENTS_SQS)."
  value       = aws_sqs_queue.events.url
}

output "queue_arn" {
  description = "For a notification configuration of your own."
  value       = aws_sqs_queue.events.arn
}

output "dead_letter_queue_url" {
  description = "Messages that could not be handled."
  value       = aws_sqs_queue.dead.url
}

output "policy_arn" {
  description = "The rights of a loader, to attach to a role of your own."
  value       = aws_iam_policy.loader.arn
}

output "role_arn" {
  description = "The role of the service or function; null where none was made."
  value       = one(concat(aws_iam_role.service[*].arn, aws_iam_role.function[*].arn))
}

output "instance_profile_name" {
  description = "For the EC2 instance of the service; null where none was made."
  value       = one(aws_iam_instance_profile.service[*].name)
}

output "function_name" {
  description = "The function; null where none was made."
  value       = one(aws_lambda_function.loader[*].function_name)
}

output "conditional_commits_statement" {
  description = "The bucket policy statement that refuses unconditional commits, as JSON, for a policy of your own."
  value       = jsonencode(local.conditional_commits_statement)
}
