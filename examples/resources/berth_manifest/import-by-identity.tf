import {
  to = berth_manifest.app
  identity = {
    objects = ["v1/Namespace/app", "apps/v1/Deployment/app/app"]
  }
}
