import {
  to = berth_artifact.network
  identity = {
    destination = "registry.example.com/modules/network:1.4.2"
  }
}
