# The images that a cluster needs to come up without a public registry.
resource "berth_image_mirror" "platform" {
  destination = "registry.example.com/mirror"
  images = [
    "docker.io/library/busybox:1.37",
    "quay.io/jetstack/cert-manager-controller:v1.18.2",
    "registry.k8s.io/pause:3.10",
  ]
  platforms = ["linux/amd64", "linux/arm64"]
}

# registry.example.com/mirror/registry.k8s.io/pause:3.10
output "pause" {
  value = berth_image_mirror.platform.mapping["registry.k8s.io/pause:3.10"]
}

# What the Pods of two namespaces use today; those of the cloud's own registry stay where they are.
resource "berth_image_mirror" "apps" {
  destination = "registry.example.com/apps"
  pods = {
    namespaces = ["shop", "billing"]
    exclude    = ["602401143452.dkr.ecr.eu-central-1.amazonaws.com"]
  }
}
