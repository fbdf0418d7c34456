list "berth_irsa_role" "registry" {
  provider = berth

  config {
    path_prefix = "/platform/"
    namespace   = "registry"
  }
}
