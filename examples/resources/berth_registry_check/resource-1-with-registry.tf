# Beside the registry that it proves, run again when the certificate or the configuration changes
variable "push_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "berth_acme_certificate" "registry" {
  account_key       = { kubernetes_secret = { namespace = "cert", name = "acme-account" } }
  dns_names         = ["registry.example.com"]
  kubernetes_secret = { namespace = "registry", name = "registry-tls" }
}

resource "berth_registry" "main" {
  name      = "registry"
  namespace = "registry"
  host      = "registry.example.com"
  host_port = 443
  storage   = { volume = { size = "10Gi" } }
  users     = { ci = { password_wo = var.push_password, password_wo_version = 1 } }
  tls       = { secret_name = "registry-tls", revision = berth_acme_certificate.registry.serial_number }
}

resource "berth_registry_check" "main" {
  host                = trimprefix(berth_registry.main.url, "https://") # with the port, where it is not 443
  username            = "ci"
  password_wo         = var.push_password
  password_wo_version = 1

  triggers = {
    certificate   = berth_acme_certificate.registry.serial_number
    configuration = berth_registry.main.config_digest
  }
}
