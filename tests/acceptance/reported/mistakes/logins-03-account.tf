# A service account that is not there.
# told: plan
# waits: 65 An account may be made in the same apply.

resource "berth_pull_secret" "x" {
  name             = "pull"
  namespaces       = [var.namespace]
  registries       = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
  service_accounts = ["buidler"]
}

# remedy
resource "berth_pull_secret" "x" {
  name             = "pull"
  namespaces       = [var.namespace]
  registries       = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
  service_accounts = ["default"]
}
