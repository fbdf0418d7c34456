# Quantities with blanks and resources that are misspelled.
# told: validate

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }

  resources = {
    requests = { cpu = "50 m", memory = "64MiB" }
    limits   = { memry = "1Gi" }
  }
}

# remedy
resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }

  resources = {
    requests = { cpu = "50m", memory = "64Mi" }
    limits   = { memory = "1Gi" }
  }
}
