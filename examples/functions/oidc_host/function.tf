# oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE
output "issuer" {
  value = provider::berth::oidc_host("https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE")
}
