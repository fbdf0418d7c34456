resource "berth_oidc_provider" "cluster" {
  url  = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
  tags = { cluster = "main" }
}
