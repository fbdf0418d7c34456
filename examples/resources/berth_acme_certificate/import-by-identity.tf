import {
  to = berth_acme_certificate.registry
  identity = {
    namespace = "registry"
    name      = "registry-tls"
  }
}
