# A Secret that was made by hand.
# told: plan

# $ kubectl -n $NAMESPACE create secret docker-registry pull --docker-server=hub.test --docker-username=ann --docker-password=old

resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}

# remedy
# import berth_pull_secret.x $NAMESPACE/pull

resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}
