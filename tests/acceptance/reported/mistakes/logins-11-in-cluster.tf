# The Pod of the check in a namespace without the login.
# told: apply
# waits: 60 A login may be bound in the same apply.

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  host      = var.node_ip
  host_port = 7475
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  tls       = { secret_name = "registry-tls" }
}

# then

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  host      = var.node_ip
  host_port = 7475
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  tls       = { secret_name = "registry-tls" }
}

resource "berth_registry_check" "x" {
  host                = "${var.node_ip}:7475"
  username            = "ann"
  password_wo         = var.password
  password_wo_version = 1
  ca_pem              = var.registry_ca
  in_cluster          = { namespace = var.namespace }
  depends_on          = [berth_registry.x]
}
