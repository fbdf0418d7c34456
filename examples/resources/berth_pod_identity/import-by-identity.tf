import {
  to = berth_pod_identity.registry
  identity = {
    cluster_name   = "main"
    association_id = "a-1b2c3d4e5f6g7h8i9"
  }
}
