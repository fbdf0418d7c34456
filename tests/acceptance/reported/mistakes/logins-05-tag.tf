# A login for an image with its tag.
# told: plan

resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test/app:1" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}

# remedy
resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test/app" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}
