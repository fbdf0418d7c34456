# Behind a Gateway, with a certificate from cert-manager for its listener
variable "push_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

# The Gateway reads the certificate in its own namespace.
resource "berth_certificate" "edge" {
  name        = "registry"
  namespace   = "edge"
  secret_name = "registry-tls"
  dns_names   = ["registry.example.com"]
  issuer      = { name = "letsencrypt", kind = "ClusterIssuer" }
}

resource "berth_manifest" "edge" {
  yaml = <<-YAML
    apiVersion: gateway.networking.k8s.io/v1
    kind: Gateway
    metadata: {name: public, namespace: edge}
    spec:
      gatewayClassName: envoy
      listeners:
      - name: registry
        protocol: HTTPS
        port: 443
        hostname: registry.example.com
        tls: {certificateRefs: [{name: ${berth_certificate.edge.secret_name}}]}
        # Without this, a listener takes routes of its own namespace only.
        allowedRoutes: {namespaces: {from: All}}
  YAML
}

resource "berth_registry" "edge" {
  name      = "registry"
  namespace = "registry"
  host      = "registry.example.com"
  storage   = { volume = { size = "100Gi" } }
  users = {
    ci = { password_wo = var.push_password, password_wo_version = 1 }
  }
  gateway = {
    parent = { namespace = "edge", name = "public", section_name = "registry" }
  }
  depends_on = [berth_manifest.edge]
}

# The record for it.
data "berth_ingress_address" "edge" {
  kind       = "Gateway"
  namespace  = "edge"
  name       = "public"
  depends_on = [berth_manifest.edge]
}
