# The registry. Its passwords come from TF_VAR_push_password and TF_VAR_pull_password.

include "root" {
  path   = find_in_parent_folders("root.hcl")
  expose = true
}

terraform {
  source = "../../modules//registry"
}

dependency "dns" {
  config_path = "../dns"

  mock_outputs = {
    zone_id       = "Z0MOCK"
    registry_host = "registry.mock.example"
  }
  mock_outputs_allowed_terraform_commands = ["init", "validate", "plan"]
}

dependency "certificate" {
  config_path = "../certificate"

  mock_outputs = {
    secret_name = "mock"
    not_after   = "2030-01-01T00:00:00Z"
  }
  mock_outputs_allowed_terraform_commands = ["init", "validate", "plan"]
}

# The workloads of the cluster have their roles before something is pulled by them.
dependencies {
  paths = ["../roles"]
}

inputs = {
  namespace       = include.root.locals.environment.registry_namespace
  ingress_class   = include.root.locals.environment.ingress_class
  host            = dependency.dns.outputs.registry_host
  tls_secret_name = dependency.certificate.outputs.secret_name
}
