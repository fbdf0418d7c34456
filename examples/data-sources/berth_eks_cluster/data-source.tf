data "berth_eks_cluster" "main" {
  name = "main"
}

# A role that a service account of this cluster assumes.
resource "berth_irsa_role" "reader" {
  name              = "reader"
  oidc_provider_arn = data.berth_eks_cluster.main.oidc_provider_arn
  service_accounts  = [{ namespace = "apps", name = "reader" }]
}
