# A role for each workload of a map, by the cluster's issuer
data "berth_eks_cluster" "main" {
  name = "main"
}

locals {
  workloads = {
    ecr-reader = {
      namespace = "ci"
      policy = [{
        actions   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:GetAuthorizationToken"]
        resources = ["arn:aws:ecr:*"]
      }]
    }
    backup = {
      namespace = "velero"
      policy = [
        { actions = ["s3:ListBucket"], resources = ["arn:aws:s3:::example-backup"] },
        { actions = ["s3:GetObject", "s3:PutObject"], resources = ["arn:aws:s3:::example-backup/*"] },
      ]
    }
  }
}

# A key that is renamed needs a `moved` block, or its role is made anew.
resource "berth_irsa_role" "workload" {
  for_each = local.workloads

  name             = each.key
  oidc_issuer_url  = data.berth_eks_cluster.main.issuer
  service_accounts = [{ namespace = each.value.namespace, name = each.key }]
  statements       = each.value.policy
}
