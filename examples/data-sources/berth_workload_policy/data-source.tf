data "berth_workload_policy" "registry" {
  workload = "registry-s3"
  arguments = {
    bucket       = "registry-blobs"
    kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"]
  }
}

resource "berth_irsa_role" "registry" {
  name              = "registry"
  oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE"
  service_accounts  = [{ namespace = "registry", name = "registry" }]
  statements        = data.berth_workload_policy.registry.statements
}
