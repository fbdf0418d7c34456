# cert-manager may prove names below example.com, and write nothing else.
resource "berth_irsa_role" "cert_manager" {
  name              = "cert-manager"
  oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE"
  service_accounts  = [{ namespace = "cert-manager", name = "cert-manager" }]

  statements = provider::berth::workload_policy("cert-manager", {
    hosted_zone_ids = ["Z0123456789ABCDEFGHIJ"]
    domains         = ["example.com"]
  }).statements
}
