# A type that is called otherwise.
# told: validate

resource "berth_irsa_roles" "x" {
  name = var.name
}
