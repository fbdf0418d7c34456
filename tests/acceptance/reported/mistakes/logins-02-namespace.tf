# A namespace that is not there.
# told: plan

resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = ["no-such-namespace"]
  registries = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}

# remedy
resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}
