# One entry a role; the statements are what the policy says.

locals {
  roles = {
    cert-manager = {
      namespace      = "cert-manager"
      serviceaccount = "cert-manager"
      description    = "DNS-01 challenges in ${var.zone_name}"
      policy = [
        { sid = "Changes", effect = "Allow", actions = ["route53:GetChange"], resources = ["arn:aws:route53:::change/*"] },
        { sid = "Zones", effect = "Allow", actions = ["route53:ListHostedZonesByName"], resources = ["*"] },
        {
          sid       = "Records"
          effect    = "Allow"
          actions   = ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"]
          resources = ["arn:aws:route53:::hostedzone/${data.berth_hosted_zone.this.zone_id}"]
        },
      ]
    }
    registry = {
      namespace      = local.namespace
      serviceaccount = "registry"
      description    = "The registry's storage"
      policy = [
        {
          sid       = "Bucket"
          effect    = "Allow"
          actions   = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
          resources = ["arn:aws:s3:::${var.bucket}"]
        },
        {
          sid    = "Objects"
          effect = "Allow"
          actions = [
            "s3:PutObject", "s3:GetObject", "s3:DeleteObject",
            "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload",
          ]
          resources = ["arn:aws:s3:::${var.bucket}/*"]
        },
      ]
    }
  }
}
