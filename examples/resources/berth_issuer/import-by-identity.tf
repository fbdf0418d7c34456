import {
  to = berth_issuer.self_signed
  identity = {
    namespace = "registry"
    name      = "self-signed"
  }
}
