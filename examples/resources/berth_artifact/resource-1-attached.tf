# A bill of materials, attached to an image: `oras discover` finds it there
resource "berth_image" "app" {
  source      = { archive = "${path.module}/app.tar" }
  destination = "registry.example.com/team/app:1.4.2"
}

resource "berth_artifact" "materials" {
  destination       = "registry.example.com/team/app"
  subject           = berth_image.app.reference
  artifact_type     = "application/spdx+json"
  files             = [{ path = "${path.module}/app.spdx.json", media_type = "application/spdx+json" }]
  delete_on_destroy = true
}
