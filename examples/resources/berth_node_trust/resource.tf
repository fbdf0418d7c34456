variable "internal_ca_pem" {
  type = string
}

# The nodes trust the CA of a private registry, and pull Docker Hub's images from a mirror first.
resource "berth_node_trust" "registry" {
  name      = "registry-trust"
  namespace = "kube-system"

  hosts = {
    "registry.example.internal" = { ca_pem = var.internal_ca_pem }
    "docker.io"                 = { mirrors = ["https://mirror.example.internal"] }
  }
}
