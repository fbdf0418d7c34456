variable "pull_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

# Pods of two namespaces may pull, without a word about it in their manifests.
resource "berth_pull_secret" "main" {
  name             = "registry-pull"
  namespaces       = ["team-a", "team-b"]
  service_accounts = ["default"]

  registries = {
    "registry.example.com" = {
      username            = "cluster"
      password_wo         = var.pull_password
      password_wo_version = 1
    }
  }
}
