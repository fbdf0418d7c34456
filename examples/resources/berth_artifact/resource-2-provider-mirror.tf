# A release of a provider, from the archives of its author, for the `oci_mirror` of OpenTofu's settings
locals {
  version = "4.0.6"
}

resource "berth_artifact" "tls" {
  destination   = "registry.example.com/providers/hashicorp/tls:${local.version}"
  artifact_type = "application/vnd.opentofu.provider"
  platforms = {
    for platform in ["linux/amd64", "linux/arm64", "darwin/arm64"] : platform => {
      artifact_type = "application/vnd.opentofu.provider-target"
      files = [{
        path       = "${path.module}/terraform-provider-tls_${local.version}_${replace(platform, "/", "_")}.zip"
        media_type = "archive/zip"
      }]
    }
  }
}
