# The login that Pods pull with. Its password comes from TF_VAR_pull_password.

include "root" {
  path   = find_in_parent_folders("root.hcl")
  expose = true
}

terraform {
  source = "../../modules//pull"
}

dependency "registry" {
  config_path = "../registry"

  mock_outputs = {
    host = "registry.mock.example"
    url  = "https://registry.mock.example"
  }
  mock_outputs_allowed_terraform_commands = ["init", "validate", "plan"]
}

inputs = {
  host       = dependency.registry.outputs.host
  namespaces = include.root.locals.environment.team_namespaces
}
