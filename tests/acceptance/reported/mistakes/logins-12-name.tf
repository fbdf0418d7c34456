# A registry's name that no server knows.
# told: apply
# waits: 15 A record may take a while.

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  host      = var.node_ip
  host_port = 7476
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  tls       = { secret_name = "registry-tls" }
}

# then

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  host      = var.node_ip
  host_port = 7476
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  tls       = { secret_name = "registry-tls" }
}

resource "berth_registry_check" "x" {
  host                = "no-such-host.${var.zone}"
  username            = "ann"
  password_wo         = var.password
  password_wo_version = 1
  timeouts            = { create = "10s" }
  depends_on          = [berth_registry.x]
}

# remedy
resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  host      = var.node_ip
  host_port = 7476
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  tls       = { secret_name = "registry-tls" }
}

resource "berth_registry_check" "x" {
  host                = "${var.node_ip}:7476"
  username            = "ann"
  password_wo         = var.password
  password_wo_version = 1
  ca_pem              = var.registry_ca
  depends_on          = [berth_registry.x]
}
