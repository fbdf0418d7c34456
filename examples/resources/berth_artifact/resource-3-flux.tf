# Manifests for an `OCIRepository` of Flux
resource "berth_artifact" "apps" {
  destination = "registry.example.com/flux/apps:main"
  config      = { media_type = "application/vnd.cncf.flux.config.v1+json" }
  files       = [{ path = "${path.module}/apps", media_type = "application/vnd.cncf.flux.content.v1.tar+gzip" }]
  annotations = { "org.opencontainers.image.source" = "https://git.example.com/apps.git" }
}
