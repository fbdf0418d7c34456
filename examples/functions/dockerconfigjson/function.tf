variable "pull_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

# The text for a Secret of the type `kubernetes.io/dockerconfigjson` that something else makes: only for write-only arguments.
locals {
  docker_config = provider::berth::dockerconfigjson({
    "registry.example.com" = { username = "cluster", password = var.pull_password }
  })
}
