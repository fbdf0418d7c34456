# The objects, with commas between them; `objects` of a manifest lists them.
terraform import berth_manifest.app v1/Namespace/app,apps/v1/Deployment/app/app
