# An issuer that IAM has no provider for.
# told: plan

resource "berth_irsa_role" "x" {
  name            = var.name
  oidc_issuer_url = "https://oidc.eks.eu-central-1.amazonaws.com/id/NOTTHERE"

  service_accounts = [{ namespace = "apps", name = "app" }]
}

# remedy
resource "berth_oidc_provider" "x" {
  url = "https://oidc.eks.eu-central-1.amazonaws.com/id/${var.name}"
}

resource "berth_irsa_role" "x" {
  name              = var.name
  oidc_provider_arn = berth_oidc_provider.x.arn

  service_accounts = [{ namespace = "apps", name = "app" }]
}
