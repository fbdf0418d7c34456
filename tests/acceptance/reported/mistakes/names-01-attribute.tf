# An attribute that is called otherwise.
# told: validate

resource "berth_irsa_role" "x" {
  name            = var.name
  oidc_issuer     = var.issuer
  service_account = [{ namespace = "apps", name = "app" }]
}
