variable "push_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

# Behind an Ingress that ends TLS, with its images in a bucket. The Pods reach the bucket by their service account's role.
resource "berth_registry" "main" {
  name      = "registry"
  namespace = "registry"
  host      = "registry.example.com"

  storage = {
    s3 = { bucket = "example-registry", region = "eu-central-1" }
  }
  users = {
    ci = { password_wo = var.push_password, password_wo_version = 1 }
  }
  tls     = { secret_name = "registry-tls" }
  ingress = { class = "traefik" }
  service_account = {
    name        = "registry"
    annotations = { "eks.amazonaws.com/role-arn" = "arn:aws:iam::123456789012:role/registry" }
  }
}
