# The whole way to a private registry, in one apply: identity, certificate, DNS, registry, pull secrets, proof.

terraform {
  required_version = ">= 1.11"
  required_providers {
    berth = { source = "berth/berth" }
  }
}

provider "berth" {
  # AWS credentials, endpoints and the kubeconfig come from the environment.
  aws = {
    default_tags = { pipeline = "registry" }
  }
  acme = {
    directory_url = var.acme_directory_url
    ca_file       = var.acme_ca_file
  }
}

locals {
  host      = "registry.${var.zone_name}"
  namespace = "registry"
}

# 1. Identity: who the cluster's service accounts are for AWS.

resource "berth_oidc_provider" "cluster" {
  url         = var.oidc_issuer_url
  thumbprints = ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]
}

resource "berth_irsa_role" "this" {
  for_each = local.roles

  name              = "pipeline-${each.key}-${each.value.namespace}"
  description       = each.value.description
  oidc_provider_arn = berth_oidc_provider.cluster.arn
  service_accounts  = [{ namespace = each.value.namespace, name = each.value.serviceaccount }]
  statements        = each.value.policy
}

# 2. The certificate, by DNS-01 on Route53. Both keys go straight into Secrets and never into state.

data "berth_hosted_zone" "this" {
  name = var.zone_name
}

resource "berth_acme_account" "this" {
  contacts                = ["mailto:ops@${var.zone_name}"]
  terms_of_service_agreed = true
  deactivate_on_destroy   = true
  account_key = {
    generate = true
    kubernetes_secret = {
      namespace        = local.namespace
      name             = "acme-account"
      create_namespace = true
    }
  }
}

resource "berth_acme_certificate" "registry" {
  account_key = {
    kubernetes_secret = berth_acme_account.this.account_key.kubernetes_secret
  }
  dns_names = [local.host, "*.${local.host}"]
  dns01     = { zone_id = data.berth_hosted_zone.this.zone_id }
  kubernetes_secret = {
    namespace = local.namespace
    name      = "registry-tls"
  }
}

# 3. The name.

resource "berth_dns_record" "registry" {
  zone_id = data.berth_hosted_zone.this.zone_id
  name    = local.host
  type    = "A"
  ttl     = 60
  values  = [var.registry_address]
}

# 4. The registry.

resource "berth_registry" "this" {
  name      = "registry"
  namespace = local.namespace
  host      = local.host

  storage = {
    s3 = {
      bucket                = var.bucket
      region                = var.region
      endpoint              = var.s3_endpoint
      secure                = false
      access_key            = var.s3_access_key
      secret_key_wo         = var.s3_secret_key
      secret_key_wo_version = 1
    }
  }
  users = {
    ci      = { password_wo = var.push_password, password_wo_version = 1 }
    cluster = { password_wo = var.pull_password, password_wo_version = 1 }
  }
  tls = {
    secret_name = berth_acme_certificate.registry.kubernetes_secret.name
    # The registry reads its certificate when it starts: a renewed one exchanges the Pods in the same apply.
    revision = berth_acme_certificate.registry.serial_number
  }
  host_port       = 443
  service_account = { name = "registry", annotations = berth_irsa_role.this["registry"].annotations }
}

# 5. Pull secrets, bound to the accounts that Pods run under.

resource "berth_pull_secret" "this" {
  name             = "registry-pull"
  namespaces       = var.namespaces
  service_accounts = ["default"]
  registries = {
    (local.host) = { username = "cluster", password_wo = var.pull_password, password_wo_version = 1 }
  }
  depends_on = [berth_registry.this]
}

# 6. The proof.

resource "berth_registry_check" "this" {
  host                = local.host
  username            = "ci"
  password_wo         = var.push_password
  password_wo_version = 1
  ca_pem              = file(var.acme_root_file)
  push                = true
  in_cluster = {
    namespace       = var.namespaces[0]
    service_account = "default"
  }
  triggers   = { certificate = berth_acme_certificate.registry.serial_number, config = berth_registry.this.config_digest }
  depends_on = [berth_dns_record.registry, berth_pull_secret.this]
}
