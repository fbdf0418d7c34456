variable "pull_password" {
  type      = string
  ephemeral = true
}

provider "berth" {
  registries = {
    "registry.example.com" = { username = "cluster", password = var.pull_password }
  }
}

ephemeral "berth_docker_config" "pull" {
  registries = {
    "registry.example.com" = {} # the provider's login
    "docker.io"            = { username = "hub", password = var.pull_password }
  }
}

# For a write-only argument, such as `data_wo` of `kubernetes_secret_v1` with the type kubernetes.io/dockerconfigjson.
locals {
  data = { ".dockerconfigjson" = ephemeral.berth_docker_config.pull.json }
}
