locals {
  # What a CI job needs that manages registries and pull secrets in two namespaces.
  runner = provider::berth::required_kubernetes_permissions(["berth_registry", "berth_pull_secret"])
}

# For `kubectl apply`, or a resource that takes manifests.
output "roles" {
  value = join("---\n", [for namespace in ["registry", "shop"] : yamlencode({
    apiVersion = "rbac.authorization.k8s.io/v1"
    kind       = "Role"
    metadata   = { namespace = namespace, name = "terraform" }
    rules      = concat(local.runner.namespaced.rules, local.runner.namespaced.optional)
  })])
}

# A pull secret that goes to every namespace of a label finds them in the whole cluster.
output "cluster_role" {
  value = yamlencode({
    apiVersion = "rbac.authorization.k8s.io/v1"
    kind       = "ClusterRole"
    metadata   = { name = "terraform" }
    rules = provider::berth::required_kubernetes_permissions(
      ["berth_pull_secret"], { attributes = ["namespace_selector"] }
    ).cluster.rules
  })
}

# What a job needs that only plans.
output "planner" {
  value = provider::berth::required_kubernetes_permissions(["berth_registry"], { plan_only = true }).namespaced.rules
}
