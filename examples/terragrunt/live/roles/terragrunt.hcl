# The roles of the cluster's own workloads.

include "root" {
  path   = find_in_parent_folders("root.hcl")
  expose = true
}

terraform {
  source = "../../modules//roles"
}

dependency "dns" {
  config_path = "../dns"

  mock_outputs = {
    zone_id       = "Z0MOCK"
    registry_host = "registry.mock.example"
  }
  mock_outputs_allowed_terraform_commands = ["init", "validate", "plan"]
}

locals {
  environment  = read_terragrunt_config(find_in_parent_folders("environment.hcl")).locals
  zones        = "arn:${local.environment.partition}:route53:::hostedzone"
  repositories = "arn:${local.environment.partition}:ecr:${local.environment.region}:${local.environment.account_id}:repository"
}

inputs = {
  environment             = local.environment.environment
  cluster_oidc_issuer_url = local.environment.cluster_oidc_issuer_url

  roles = {
    cert-manager = {
      namespace      = "cert-manager"
      description    = "DNS-01 challenges"
      serviceaccount = "cert-manager"
      policy = [
        {
          sid       = "Changes"
          actions   = ["route53:GetChange"]
          effect    = "Allow"
          resources = ["arn:${local.environment.partition}:route53:::change/*"]
        },
        {
          sid       = "FindZones"
          actions   = ["route53:ListHostedZonesByName"]
          effect    = "Allow"
          resources = ["*"]
        },
        {
          sid       = "Records"
          actions   = ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"]
          effect    = "Allow"
          resources = ["${local.zones}/${dependency.dns.outputs.zone_id}"]
        },
      ]
    }

    external-dns-private = {
      namespace      = "external-dns"
      description    = "Records of the private zone"
      serviceaccount = "external-dns-private"
      policy = [
        {
          sid       = "Records"
          actions   = ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets", "route53:ListTagsForResources"]
          effect    = "Allow"
          resources = ["${local.zones}/${local.environment.private_zone_id}"]
        },
        {
          sid       = "FindZones"
          actions   = ["route53:ListHostedZones"]
          effect    = "Allow"
          resources = ["*"]
        },
      ]
    }

    external-dns-central = {
      namespace      = "external-dns"
      description    = "Records of the public zone"
      serviceaccount = "external-dns-central"
      policy = [
        {
          sid       = "Records"
          actions   = ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets", "route53:ListTagsForResources"]
          effect    = "Allow"
          resources = ["${local.zones}/${dependency.dns.outputs.zone_id}"]
        },
        {
          sid       = "FindZones"
          actions   = ["route53:ListHostedZones"]
          effect    = "Allow"
          resources = ["*"]
        },
      ]
    }

    ecr-operator = {
      namespace      = "ecr-operator"
      description    = "Images of ECR, and those that come through it"
      serviceaccount = "ecr-operator"
      policy = [
        {
          sid       = "Login"
          actions   = ["ecr:GetAuthorizationToken"]
          effect    = "Allow"
          resources = ["*"]
        },
        {
          sid = "Pull"
          actions = [
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchImportUpstreamImage",
            "ecr:CreateRepository",
          ]
          effect    = "Allow"
          resources = ["${local.repositories}/*"]
        },
      ]
    }
  }
}
