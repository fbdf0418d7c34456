# A name that is not in the certificate.
# told: apply

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  host      = var.node_ip
  host_port = 7474
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  tls       = { secret_name = "registry-tls" }
}

# then

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  host      = var.node_ip
  host_port = 7474
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  tls       = { secret_name = "registry-tls" }
}

resource "berth_registry_check" "x" {
  host                = "localhost.${var.zone}:7474"
  username            = "ann"
  password_wo         = var.password
  password_wo_version = 1
  ca_pem              = var.registry_ca
  depends_on          = [berth_registry.x, berth_dns_record.x]
}

resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = "localhost"
  type    = "A"
  ttl     = 1
  values  = [var.node_ip]
  wait    = "authoritative"
}
