list "berth_pod_identity" "registry" {
  provider = berth

  config {
    cluster_name = "production"
    namespace    = "registry"
  }
}
