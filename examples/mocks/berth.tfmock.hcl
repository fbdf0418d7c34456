# What berth's types compute, in the form that the arguments of other types ask for: `terraform test` makes up words of its own
# otherwise, and no ARN, name or certificate. Put this file into a folder of your module and name the folder:
#
#   mock_provider "berth" {
#     source = "./mocks"
#   }
#
# OpenTofu has no `source` in `mock_provider`: write the blocks of this file into the one of the test there. It refuses a mocked
# value for what a configuration sets, so nothing is here that a configuration may set.

mock_resource "berth_oidc_provider" {
  defaults = {
    arn      = "arn:aws:iam::123456789012:oidc-provider/oidc.example.com/id/0123456789"
    tags_all = {}
  }
}

mock_resource "berth_irsa_role" {
  defaults = {
    arn                = "arn:aws:iam::123456789012:role/mocked"
    unique_id          = "AROA0123456789ABCDEFG"
    annotations        = { "eks.amazonaws.com/role-arn" = "arn:aws:iam::123456789012:role/mocked" }
    assume_role_policy = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    policy_json        = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    policy_arns        = []
    policy_characters  = 0
    tags_all           = {}
  }
}

mock_resource "berth_cert_manager" {
  defaults = {
    objects = ["apps/v1/Deployment/cert-manager/cert-manager"]
    drift   = []
    phases  = []
    passed  = []
  }
}

mock_resource "berth_cert_manager_backup" {
  defaults = {
    digest  = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    objects = ["cert-manager.io/v1/ClusterIssuer/mocked"]
  }
}

mock_resource "berth_certificate" {
  defaults = {
    ready         = true
    serial_number = "0123456789abcdef"
    not_before    = "2026-01-01T00:00:00Z"
    not_after     = "2026-04-01T00:00:00Z"
    renewal_time  = "2026-03-02T00:00:00Z"
    revision      = 1
    drift         = []
  }
}

mock_resource "berth_issuer" {
  defaults = {
    ready       = true
    account_uri = "https://acme.example.com/acme/acct/1"
    drift       = []
  }
}

mock_resource "berth_manifest" {
  defaults = {
    objects = ["v1/ConfigMap/default/mocked"]
    drift   = []
  }
}

mock_resource "berth_pod_identity" {
  defaults = {
    association_arn = "arn:aws:eks:eu-central-1:123456789012:podidentityassociation/mocked/a-0123456789abcdefg"
    association_id  = "a-0123456789abcdefg"
    external_id     = "00000000-0000-4000-8000-000000000000"
    irsa_replaced   = false
    tags_all        = {}
  }
}

mock_resource "berth_image" {
  defaults = {
    digest     = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    reference  = "registry.example.com/mocked@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    media_type = "application/vnd.oci.image.index.v1+json"
    size_bytes = 4096
    tag_digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }
}

mock_resource "berth_image_mirror" {
  defaults = {
    mapping = { "docker.io/library/busybox:1.37" = "registry.example.com/mocked/docker.io/library/busybox:1.37" }
    copies  = { "docker.io/library/busybox:1.37" = { source_digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", tag_digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" } }
  }
}

mock_resource "berth_artifact" {
  defaults = {
    digest         = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    reference      = "registry.example.com/mocked@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    media_type     = "application/vnd.oci.image.manifest.v1+json"
    size_bytes     = 4096
    tag_digest     = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    subject_digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    attached       = true
  }
}

mock_resource "berth_chart" {
  defaults = {
    name           = "mocked"
    app_version    = "1.0.0"
    reference      = "oci://registry.example.com/charts/mocked"
    digest         = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    archive_digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    tag_digest     = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }
}

mock_resource "berth_dns_record" {
  defaults = {
    fqdn = "mocked.example.com"
  }
}

mock_resource "berth_dns_records" {
  defaults = {
    fqdns = {}
  }
}

mock_resource "berth_dns01_record" {
  defaults = {
    record_name = "_acme-challenge.mocked.example.com"
  }
}

mock_resource "berth_dns01_delegation" {
  defaults = {
    record_name = "_acme-challenge.mocked.example.com"
  }
}

mock_resource "berth_acme_account" {
  defaults = {
    account_url    = "https://acme.example.com/acct/1"
    key_thumbprint = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
    status         = "valid"
  }
}

mock_resource "berth_acme_order" {
  defaults = {
    order_url      = "https://acme.example.com/order/1"
    status         = "pending"
    txt_records    = {}
    renew_at       = "2030-01-01T00:00:00Z"
    renewal_reason = "the last third of its lifetime"
  }
}

mock_resource "berth_acme_certificate" {
  defaults = {
    serial_number      = "0123456789abcdef"
    fingerprint_sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    issuer             = "CN=Mocked"
    not_before         = "2029-12-01T00:00:00Z"
    not_after          = "2030-03-01T00:00:00Z"
    renew_at           = "2030-01-30T00:00:00Z"
    renewal_reason     = "the last third of its lifetime"
    issued_profile     = null
    certificate_pem    = "-----BEGIN CERTIFICATE-----\nMOCKED\n-----END CERTIFICATE-----\n"
    chain_pem          = "-----BEGIN CERTIFICATE-----\nMOCKED\n-----END CERTIFICATE-----\n"
    fullchain_pem      = "-----BEGIN CERTIFICATE-----\nMOCKED\n-----END CERTIFICATE-----\n"
    drift              = []
  }
}

mock_resource "berth_registry" {
  defaults = {
    url            = "https://registry.example.com"
    config_digest  = "0123456789abcdef"
    config_yaml    = "version: 0.1\n"
    objects        = []
    ready_replicas = 1
    drift          = []
  }
}

mock_resource "berth_node_trust" {
  defaults = {
    nodes = { "node-1" = "trusted" }
    drift = []
  }
}

mock_resource "berth_pull_secret" {
  defaults = {
    digest  = "0123456789abcdef"
    secrets = []
    bound   = []
    drift   = []
  }
}

mock_resource "berth_registry_check" {
  defaults = {
    passed  = true
    summary = "all steps passed"
  }
}

mock_data "berth_hosted_zone" {
  defaults = {
    name_servers = ["ns-1.example.com", "ns-2.example.net"]
    comment      = ""
  }
}

mock_data "berth_eks_cluster" {
  defaults = {
    arn               = "arn:aws:eks:eu-central-1:123456789012:cluster/mocked"
    issuer            = "https://oidc.example.com/id/0123456789"
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.example.com/id/0123456789"
    endpoint          = "https://cluster.example.com"
    ca                = "-----BEGIN CERTIFICATE-----\nMOCKED\n-----END CERTIFICATE-----\n"
    version           = "1.34"
    platform_version  = "eks.1"
    status            = "ACTIVE"
    vpc_id            = "vpc-0123456789abcdef0"
  }
}

mock_data "berth_ingress_address" {
  defaults = {
    hostname  = "lb.example.com"
    hostnames = ["lb.example.com"]
    ip        = "192.0.2.1"
    ips       = ["192.0.2.1"]
  }
}

mock_data "berth_image" {
  defaults = {
    digest           = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    reference        = "registry.example.com/mocked@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    media_type       = "application/vnd.oci.image.index.v1+json"
    platforms        = ["linux/amd64"]
    platform_digests = { "linux/amd64" = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
    size_bytes       = 4096
    labels           = {}
    created          = "2026-01-01T00:00:00Z"
  }
}

mock_data "berth_repository_tags" {
  defaults = {
    tags   = ["1.0.0"]
    latest = "1.0.0"
  }
}

mock_data "berth_catalog" {
  defaults = {
    repositories = ["mocked"]
  }
}

mock_data "berth_dns_lookup" {
  defaults = {
    found  = true
    values = ["192.0.2.1"]
    rcode  = "NOERROR"
    ttl    = 300
  }
}

mock_data "berth_workload_policy" {
  defaults = {
    json       = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    characters = 39
  }
}

mock_data "berth_certificate_diagnosis" {
  defaults = {
    cause    = null
    chain    = []
    evidence = []
    findings = []
    health   = "healthy"
    healthy  = true
    remedy   = null
    unread   = []
  }
}

mock_data "berth_pod_diagnosis" {
  defaults = {
    cause    = null
    chain    = []
    evidence = []
    findings = []
    health   = "healthy"
    healthy  = true
    remedy   = null
    unread   = []
  }
}

mock_data "berth_registry_diagnosis" {
  defaults = {
    cause    = null
    chain    = []
    evidence = []
    findings = []
    health   = "healthy"
    healthy  = true
    remedy   = null
    unread   = []
  }
}
