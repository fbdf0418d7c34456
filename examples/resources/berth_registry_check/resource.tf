variable "push_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

# Runs again whenever the certificate changes.
resource "berth_registry_check" "main" {
  host                = "registry.example.com"
  username            = "ci"
  password_wo         = var.push_password
  password_wo_version = 1

  expect_issuer = "Let's Encrypt"
  in_cluster    = { namespace = "team-a" }
  triggers      = { certificate = berth_acme_certificate.registry.serial_number }
}
