# In every namespace with a label, for more than one registry
variable "pull_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "hub_token" {
  type      = string
  sensitive = true
  ephemeral = true
}

# A namespace that gets the label later is found by the next plan.
resource "berth_pull_secret" "everywhere" {
  name               = "pull"
  namespace_selector = { "example.com/team" = "apps" }
  service_accounts   = ["default", "builder"]

  registries = {
    "registry.example.com" = { username = "cluster", password_wo = var.pull_password, password_wo_version = 1 }
    "docker.io"            = { username = "example", password_wo = var.hub_token, password_wo_version = 1 }
  }
}
