import {
  to = berth_image_mirror.platform
  identity = {
    destination = "registry.example.com/mirror"
    images      = ["docker.io/library/busybox:1.37", "registry.k8s.io/pause:3.10"]
  }
}
