import {
  to = berth_node_trust.registry
  identity = {
    namespace = "kube-system"
    name      = "registry-trust"
  }
}
