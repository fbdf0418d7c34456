# The registry, with one user who pushes and one who pulls.

resource "berth_registry" "this" {
  name      = "registry"
  namespace = var.namespace
  host      = var.host
  tls       = { secret_name = var.tls_secret_name }
  ingress   = { class = var.ingress_class }

  storage = {
    volume = { size = "1Gi" }
  }
  users = {
    ci      = { password_wo = var.push_password, password_wo_version = 1 }
    cluster = { password_wo = var.pull_password, password_wo_version = 1 }
  }
}
