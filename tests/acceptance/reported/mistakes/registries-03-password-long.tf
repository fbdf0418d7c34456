# A password of 80 bytes, and a user with a colon.
# told: validate

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { "a:b" = { password_wo = "0123456789012345678901234567890123456789012345678901234567890123456789012345678", password_wo_version = 1 } }
}
