# The Secret of the certificate is not there.
# told: plan

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  host      = "hub.test"
  host_port = 7461
  tls       = { secret_name = "hub-tls" }
}

# remedy
resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  host      = var.node_ip
  host_port = 7461
  tls       = { secret_name = "registry-tls" }
}
