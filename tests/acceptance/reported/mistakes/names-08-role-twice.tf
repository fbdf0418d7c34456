# Two roles of one name.
# told: apply

resource "berth_irsa_role" "x" {
  name              = var.name
  oidc_provider_arn = var.provider_arn

  service_accounts = [{ namespace = "apps", name = "app" }]
}

resource "berth_irsa_role" "y" {
  name              = var.name
  oidc_provider_arn = var.provider_arn

  service_accounts = [{ namespace = "apps", name = "app" }]
  depends_on       = [berth_irsa_role.x]
}

# remedy
resource "berth_irsa_role" "x" {
  name              = var.name
  oidc_provider_arn = var.provider_arn

  service_accounts = [{ namespace = "apps", name = "app" }]
}

resource "berth_irsa_role" "y" {
  name              = "${var.name}-too"
  oidc_provider_arn = var.provider_arn

  service_accounts = [{ namespace = "apps", name = "app" }]
  depends_on       = [berth_irsa_role.x]
}
