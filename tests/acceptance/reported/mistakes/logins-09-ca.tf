# The registry's CA is not trusted here.
# told: apply

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  host      = var.node_ip
  host_port = 7473
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  tls       = { secret_name = "registry-tls" }
}

# then

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  host      = var.node_ip
  host_port = 7473
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  tls       = { secret_name = "registry-tls" }
}

resource "berth_registry_check" "x" {
  host                = "${var.node_ip}:7473"
  username            = "ann"
  password_wo         = var.password
  password_wo_version = 1
  depends_on          = [berth_registry.x]
}

# remedy
resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  host      = var.node_ip
  host_port = 7473
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  tls       = { secret_name = "registry-tls" }
}

resource "berth_registry_check" "x" {
  host                = "${var.node_ip}:7473"
  username            = "ann"
  password_wo         = var.password
  password_wo_version = 1
  ca_pem              = var.registry_ca
  depends_on          = [berth_registry.x]
}
