# What `docker save` wrote; its digest stands in the plan.
resource "berth_image" "app" {
  source      = { archive = "${path.module}/app.tar" }
  destination = "registry.example.com/team/app:1.4.2"
}

# Copied from a public registry, two platforms of it.
resource "berth_image" "busybox" {
  source      = { reference = "docker.io/library/busybox:1.37" }
  destination = "registry.example.com/library/busybox:1.37"
  platforms   = ["linux/amd64", "linux/arm64"]
}

# What a Pod should name.
output "image" {
  value = berth_image.app.reference
}
