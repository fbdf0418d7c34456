# Two pull secrets of one name.
# told: plan

resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}

resource "berth_pull_secret" "y" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }

  depends_on = [berth_pull_secret.x]
}

# remedy
resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}

resource "berth_pull_secret" "y" {
  name       = "pull-two"
  namespaces = [var.namespace]
  registries = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }

  depends_on = [berth_pull_secret.x]
}
