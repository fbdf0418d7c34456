# One IAM role for each service account of the map.

resource "berth_irsa_role" "this" {
  for_each = var.roles

  name             = "${var.environment}-${each.key}-${each.value.namespace}"
  description      = each.value.description
  oidc_issuer_url  = var.cluster_oidc_issuer_url
  service_accounts = [{ namespace = each.value.namespace, name = each.value.serviceaccount }]
  statements       = each.value.policy
}
