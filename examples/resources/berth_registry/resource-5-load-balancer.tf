# At an internal load balancer of AWS that ends TLS
variable "push_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "berth_registry" "internal" {
  name      = "registry"
  namespace = "registry"
  host      = "registry.internal.example.com"

  storage = {
    s3 = { bucket = "example-registry", region = "eu-central-1" }
  }
  users = {
    ci = { password_wo = var.push_password, password_wo_version = 1 }
  }
  service = {
    type                        = "LoadBalancer"
    port                        = 443
    load_balancer_class         = "service.k8s.aws/nlb"
    load_balancer_source_ranges = ["10.0.0.0/8"]
    annotations = {
      "service.beta.kubernetes.io/aws-load-balancer-scheme"   = "internal"
      "service.beta.kubernetes.io/aws-load-balancer-ssl-cert" = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    }
  }
}
