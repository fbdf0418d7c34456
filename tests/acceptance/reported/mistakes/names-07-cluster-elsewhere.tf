# An EKS cluster that lies in another region.
# told: plan

data "berth_eks_cluster" "x" {
  name = "sandbx"
}

# remedy
data "berth_eks_cluster" "x" {
  name = var.eks
}
