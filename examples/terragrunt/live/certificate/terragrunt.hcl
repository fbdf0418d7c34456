# The registry's certificate.

include "root" {
  path   = find_in_parent_folders("root.hcl")
  expose = true
}

terraform {
  source = "../../modules//certificate"
}

dependency "dns" {
  config_path = "../dns"

  mock_outputs = {
    zone_id       = "Z0MOCK"
    registry_host = "registry.mock.example"
  }
  mock_outputs_allowed_terraform_commands = ["init", "validate", "plan"]
}

inputs = {
  zone_id   = dependency.dns.outputs.zone_id
  host      = dependency.dns.outputs.registry_host
  namespace = include.root.locals.environment.registry_namespace
}
