data "berth_image" "busybox" {
  image = "docker.io/library/busybox:1.37"
}

# Follows the tag: copied again whenever it stands for something else.
resource "berth_image" "busybox" {
  source      = { reference = data.berth_image.busybox.reference }
  destination = "registry.example.com/library/busybox:1.37"
}
