variable "push_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

# Runs when it is created, and again whenever an argument changes.
resource "berth_registry_check" "main" {
  host                = "registry.example.com"
  username            = "ci"
  password_wo         = var.push_password
  password_wo_version = 1

  expect_issuer = "Let's Encrypt"
  in_cluster    = { namespace = "team-a" }
  triggers      = { renewed = "2026-11" }
}
