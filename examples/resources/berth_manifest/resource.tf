# cert-manager as its project releases it: definitions of kinds first, the rest side by side, and all of it running in the end.
variable "cert_manager_yaml" {
  type        = string
  description = "The release manifest, such as `file(\"cert-manager.yaml\")`."
}

resource "berth_manifest" "cert_manager" {
  yaml = var.cert_manager_yaml
}

# Documents with content of Secrets are not stored. Give them a new number whenever they change.
variable "api_token" {
  type      = string
  ephemeral = true
}

resource "berth_manifest" "app" {
  namespace = "app"

  yaml = <<-YAML
    apiVersion: v1
    kind: Namespace
    metadata:
      name: app
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: app
    spec:
      selector:
        matchLabels: { app: app }
      template:
        metadata:
          labels: { app: app }
        spec:
          containers:
            - name: app
              image: registry.example.com/app:1.4.0
              envFrom:
                - secretRef: { name: app }
    ---
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: app
    spec:
      ingressClassName: nginx
      defaultBackend:
        service: { name: app, port: { number: 80 } }
  YAML

  secrets_yaml_wo = yamlencode({
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "app" }
    stringData = { API_TOKEN = var.api_token }
  })
  secrets_yaml_wo_version = 1

  # Beside what its kind says of itself: the load balancer is there.
  wait_for = [{ kind = "Ingress", address = true }]
}
