import {
  to = berth_registry.main
  identity = {
    namespace = "registry"
    name      = "registry"
  }
}
