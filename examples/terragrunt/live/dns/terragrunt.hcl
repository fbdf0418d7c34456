# The registry's name in Route53.

include "root" {
  path   = find_in_parent_folders("root.hcl")
  expose = true
}

terraform {
  source = "../../modules//dns"
}

inputs = {
  zone_name        = include.root.locals.environment.zone_name
  registry_address = include.root.locals.environment.registry_address
}
