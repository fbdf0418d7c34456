# A role that exists, and that no state knows.
# told: plan

resource "berth_irsa_role" "x" {
  name              = var.name
  oidc_provider_arn = var.provider_arn

  service_accounts = [{ namespace = "apps", name = "app" }]
}

# then
# forget berth_irsa_role.x

resource "berth_irsa_role" "x" {
  name              = var.name
  oidc_provider_arn = var.provider_arn

  service_accounts = [{ namespace = "apps", name = "app" }]
}

# remedy
# import berth_irsa_role.x $NAME

resource "berth_irsa_role" "x" {
  name              = var.name
  oidc_provider_arn = var.provider_arn

  service_accounts = [{ namespace = "apps", name = "app" }]
}
