# The registry's Pods get the role by EKS Pod Identity: no OIDC provider, no annotation.
resource "berth_pod_identity" "registry" {
  cluster_name    = "main"
  namespace       = "registry"
  service_account = "registry"
  role_arn        = "arn:aws:iam::123456789012:role/registry"
}

# An account that has its role by annotation (IRSA) is taken over: no Pod is without rights at any moment.
resource "berth_pod_identity" "external_dns" {
  cluster_name    = "main"
  namespace       = "external-dns"
  service_account = "external-dns"
  role_arn        = "arn:aws:iam::123456789012:role/external-dns"

  replaces_irsa = {}
}
