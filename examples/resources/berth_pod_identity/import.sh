# By the association's id, or by the service account.
terraform import berth_pod_identity.registry main,a-1b2c3d4e5f6g7h8i9
terraform import berth_pod_identity.registry main,registry/registry
