# mode = "service": a role for the machine, task or pod that runs `rtloader watch` or `rtloader sync`.

locals {
  service_trust = {
    none = []
    ec2  = [jsonencode({ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" })]
    ecs = [jsonencode({
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    })]
    eks-pod-identity = [jsonencode({
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
    })]
    irsa = [jsonencode({
      Effect    = "Allow"
      Principal = { Federated = var.oidc_provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.oidc_issuer}:sub" = var.oidc_subject
          "${local.oidc_issuer}:aud" = "sts.amazonaws.com"
        }
      }
    })]
  }
  oidc_issuer   = element(split(":oidc-provider/", var.oidc_provider_arn), 1)
  makes_service = !local.is_lambda && var.service_runs_on != "none"
}

resource "aws_iam_role" "service" {
  count = local.makes_service ? 1 : 0

  name = "${var.name}-service"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for statement in local.service_trust[var.service_runs_on] : jsondecode(statement)]
  })

  lifecycle {
    precondition {
      condition     = var.service_runs_on != "irsa" || var.oidc_provider_arn != ""
      error_message = "service_runs_on = \"irsa\" needs oidc_provider_arn."
    }
  }
}

resource "aws_iam_role_policy_attachment" "service" {
  count = local.makes_service ? 1 : 0

  role       = aws_iam_role.service[0].name
  policy_arn = aws_iam_policy.loader.arn
}

resource "aws_iam_instance_profile" "service" {
  count = local.makes_service && var.service_runs_on == "ec2" ? 1 : 0

  name = "${var.name}-service"
  role = aws_iam_role.service[0].name
  tags = var.tags
}
