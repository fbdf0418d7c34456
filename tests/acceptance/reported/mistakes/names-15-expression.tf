# An action without its service.
# told: validate

resource "berth_irsa_role" "x" {
  name              = var.name
  oidc_provider_arn = var.provider_arn

  service_accounts = [{ namespace = "apps", name = "app" }]

  statements = [{ actions = ["GetObject"], resources = ["arn:aws:s3:::images"] }]
}

# remedy
resource "berth_irsa_role" "x" {
  name              = var.name
  oidc_provider_arn = var.provider_arn

  service_accounts = [{ namespace = "apps", name = "app" }]

  statements = [{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::images"] }]
}
