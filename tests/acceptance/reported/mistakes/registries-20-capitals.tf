# A host with scheme, and names in capitals.
# told: validate

resource "berth_registry" "x" {
  name      = "Hub"
  namespace = "Apps"
  host      = "https://hub.test"
  storage   = { ephemeral = {} }
}
