# A module for OpenTofu, from its folder: the same files have the same digest on any machine.
resource "berth_artifact" "network" {
  destination   = "registry.example.com/modules/network:1.4.2"
  artifact_type = "application/vnd.opentofu.modulepkg"
  files         = [{ path = "${path.module}/modules/network", media_type = "archive/zip" }]
}

# What `source` of a module says; with a digest, it stays what it is whatever becomes of the tag.
output "module" {
  value = "oci://registry.example.com/modules/network?digest=${berth_artifact.network.digest}"
}
