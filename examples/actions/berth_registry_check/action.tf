# `terraform apply -invoke=action.berth_registry_check.registry` at any time.
action "berth_registry_check" "registry" {
  config {
    host          = "registry.example.com"
    expect_issuer = "Let's Encrypt"

    in_cluster = { namespace = "web" }
  }
}
