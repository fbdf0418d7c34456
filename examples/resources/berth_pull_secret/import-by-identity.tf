import {
  to = berth_pull_secret.main
  identity = {
    namespace = "team-a"
    name      = "registry-pull"
  }
}
