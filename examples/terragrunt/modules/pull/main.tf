# The login that Pods pull with, bound to the account that they run under.

resource "berth_pull_secret" "this" {
  name             = "registry-pull"
  namespaces       = var.namespaces
  service_accounts = ["default"]
  registries = {
    (var.host) = { username = "cluster", password_wo = var.pull_password, password_wo_version = 1 }
  }
}
