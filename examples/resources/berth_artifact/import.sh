# HOST/PATH:TAG, or HOST/PATH@sha256:… of what has no tag
terraform import berth_artifact.network registry.example.com/modules/network:1.4.2
