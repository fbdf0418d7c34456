# A password without its number.
# told: plan

resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test" = { username = "ann", password_wo = var.password } }
}

# remedy
resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}
