# Large permissions as managed policies, within a boundary, for accounts that get the annotation from berth
resource "berth_irsa_role" "operator" {
  name_prefix          = "operator-"
  path                 = "/workloads/"
  oidc_provider_arn    = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
  permissions_boundary = "arn:aws:iam::123456789012:policy/workloads"
  managed_policy_arns  = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]

  service_accounts          = [{ namespace = "operators", name = "operator" }]
  annotate_service_accounts = true

  policy_kind = "managed"
  statements = [
    { actions = ["ec2:*"], resources = ["*"] },
    { effect = "Deny", not_actions = ["ec2:Describe*"], resources = ["arn:aws:ec2:*:*:instance/i-0123456789abcdef0"] },
  ]
}
