# A pull-through cache of Docker Hub, for the cluster only
variable "hub_token" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "berth_registry" "cache" {
  name      = "docker-hub"
  namespace = "registry"
  storage   = { volume = { size = "50Gi" } }

  # Everybody who reaches the cache may pull what this login may.
  proxy = {
    remote_url          = "https://registry-1.docker.io"
    username            = "example"
    password_wo         = var.hub_token
    password_wo_version = 1
  }
}
