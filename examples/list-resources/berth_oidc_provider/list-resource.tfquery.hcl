list "berth_oidc_provider" "eks" {
  provider = berth

  config {
    url_contains = "oidc.eks.eu-central-1."
  }
}
