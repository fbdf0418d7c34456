# The certificate is for another name.
# told: plan

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  host      = "hub.test"
  host_port = 7462
  tls       = { secret_name = "registry-tls" }
}

# remedy
resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  host      = var.node_ip
  host_port = 7462
  tls       = { secret_name = "registry-tls" }
}
