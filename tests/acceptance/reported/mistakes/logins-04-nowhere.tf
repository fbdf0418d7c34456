# No namespaces at all.
# told: validate

resource "berth_pull_secret" "x" {
  name             = "pull"
  service_accounts = ["default"]
  registries       = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}

# remedy
resource "berth_pull_secret" "x" {
  name             = "pull"
  namespaces       = [var.namespace]
  service_accounts = ["default"]
  registries       = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}
