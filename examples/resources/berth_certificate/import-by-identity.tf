import {
  to = berth_certificate.registry
  identity = {
    namespace = "registry"
    name      = "registry"
  }
}
