# On a volume, at a port of the node with a certificate of its own
variable "push_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "berth_registry" "node" {
  name             = "registry"
  namespace        = "registry"
  create_namespace = true
  host             = "registry.example.com"
  host_port        = 443

  storage = {
    volume = { size = "100Gi", storage_class = "standard" }
  }
  users = {
    ci = { password_wo = var.push_password, password_wo_version = 1 }
  }

  # The Secret must be there before: name the resource that writes it. With `revision`, a renewal exchanges the Pods at once.
  tls = { secret_name = "registry-tls" }
}
