# A Secret that somebody made immutable.
# told: apply

resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}

# then
# $ kubectl -n $NAMESPACE patch secret pull -p {"immutable":true}

resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test/team" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}

# remedy
# $ kubectl delete secret pull --namespace $NAMESPACE

resource "berth_pull_secret" "x" {
  name       = "pull"
  namespaces = [var.namespace]
  registries = { "hub.test/team" = { username = "ann", password_wo = var.password, password_wo_version = 1 } }
}
