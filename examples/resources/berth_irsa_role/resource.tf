resource "berth_oidc_provider" "cluster" {
  url = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
}

data "berth_hosted_zone" "main" {
  name = "example.com"
}

# What cert-manager needs to answer DNS-01 challenges in one zone.
resource "berth_irsa_role" "cert_manager" {
  name              = "cert-manager"
  description       = "Answers DNS-01 challenges"
  oidc_provider_arn = berth_oidc_provider.cluster.arn

  service_accounts = [{ namespace = "cert-manager", name = "cert-manager" }]

  statements = [
    {
      sid       = "FollowChanges"
      actions   = ["route53:GetChange"]
      resources = ["arn:aws:route53:::change/*"]
    },
    {
      sid       = "WriteChallenges"
      actions   = ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"]
      resources = ["arn:aws:route53:::hostedzone/${data.berth_hosted_zone.main.zone_id}"]
      conditions = [{
        test     = "ForAllValues:StringEquals"
        variable = "route53:ChangeResourceRecordSetsRecordTypes"
        values   = ["TXT"]
      }]
    },
    {
      sid       = "FindZones"
      actions   = ["route53:ListHostedZonesByName"]
      resources = ["*"]
    },
  ]
}
