"""What is applied: the same objects, once for berth and once for the provider that people use today."""

import itertools
import os

BERTH, AWS, ACME = "berth/berth", "hashicorp/aws", "vancluever/acme"


NUMBER = itertools.count()


def label():
    """A name that nothing had before: moto refuses to create again, in the same form, a record that was removed,
    and a run that was ended leaves its objects."""
    return f"bench-{os.getpid()}-{next(NUMBER)}"


def value(name):
    return os.environ["SANDBOX_" + name]


def requiring(source, block=""):
    name = source.split("/")[1]
    return (f'terraform {{\n  required_providers {{\n    {name} = {{ source = "{source}" }}\n  }}\n}}\n'
            f'provider "{name}" {{\n{block}\n}}\n')


def aws_peer():
    return requiring(AWS, "  skip_credentials_validation = true\n  skip_metadata_api_check = true\n"
                          "  skip_region_validation = true\n  skip_requesting_account_id = true")


def records(count):
    name = label()
    return requiring(BERTH) + f'''
resource "berth_dns_record" "bench" {{
  count   = {count}
  zone_id = "{value("ZONE_ID")}"
  name    = "n${{count.index}}.{name}"
  type    = "A"
  values  = ["192.0.2.1"]
}}
'''


def records_of_peer(count):
    name = label()
    return aws_peer() + f'''
resource "aws_route53_record" "bench" {{
  count   = {count}
  zone_id = "{value("ZONE_ID")}"
  name    = "n${{count.index}}.{name}"
  type    = "A"
  ttl     = 300
  records = ["192.0.2.1"]
}}
'''


def record_map(count):
    name = label()
    return requiring(BERTH) + f'''
resource "berth_dns_records" "bench" {{
  zone_id = "{value("ZONE_ID")}"
  records = {{ for i in range({count}) : "n${{i}}" => {{ name = "n${{i}}.{name}", type = "A", values = ["192.0.2.1"] }} }}
}}
'''


def roles(count):
    name = label()
    return requiring(BERTH) + f'''
resource "berth_irsa_role" "bench" {{
  count             = {count}
  name              = "{name}-${{count.index}}"
  oidc_provider_arn = "{value("OIDC_PROVIDER_ARN")}"
  service_accounts  = [{{ namespace = "apps", name = "app-${{count.index}}" }}]
  statements        = [{{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::bench/${{count.index}}/*"] }}]
}}
'''


def roles_of_peer(count):
    name = label()
    arn = value("OIDC_PROVIDER_ARN")
    host = arn.split(":oidc-provider/")[1]
    return aws_peer() + f'''
resource "aws_iam_role" "bench" {{
  count = {count}
  name  = "{name}-${{count.index}}"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = {{ Federated = "{arn}" }}
      Condition = {{ StringEquals = {{
        "{host}:sub" = "system:serviceaccount:apps:app-${{count.index}}"
        "{host}:aud" = "sts.amazonaws.com"
      }} }}
    }}]
  }})
}}
resource "aws_iam_role_policy" "bench" {{
  count = {count}
  name  = "bench"
  role  = aws_iam_role.bench[count.index].name
  policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::bench/${{count.index}}/*" }}]
  }})
}}
'''


def certificates(count):
    acme = f'  acme = {{ directory_url = "{value("ACME_DIRECTORY")}", ca_file = "{value("ACME_CA_FILE")}" }}'
    name = f"bench${{count.index}}.{value('ZONE_NAME')}"
    return requiring(BERTH, acme) + f'''
resource "berth_acme_account" "bench" {{
  contacts                = ["mailto:bench@example.com"]
  terms_of_service_agreed = true
  account_key = {{
    generate          = true
    kubernetes_secret = {{ namespace = "default", name = "bench-account" }}
  }}
}}
resource "berth_acme_certificate" "bench" {{
  count             = {count}
  account_key       = {{ kubernetes_secret = berth_acme_account.bench.account_key.kubernetes_secret }}
  dns_names         = ["{name}", "*.{name}"]
  dns01             = {{ zone_id = "{value("ZONE_ID")}" }}
  kubernetes_secret = {{ namespace = "default", name = "bench-${{count.index}}" }}
}}
'''


def certificates_of_peer(count):
    name = f"bench${{count.index}}.{value('ZONE_NAME')}"
    return requiring(ACME, f'  server_url = "{value("ACME_DIRECTORY")}"') + f'''
resource "acme_registration" "bench" {{
  email_address           = "bench@example.com"
  account_key_algorithm   = "ECDSA"
  account_key_ecdsa_curve = "P256"
}}
resource "acme_certificate" "bench" {{
  count                     = {count}
  account_key_pem           = acme_registration.bench.account_key_pem
  common_name               = "{name}"
  subject_alternative_names = ["*.{name}"]
  recursive_nameservers     = ["{value("DNS_SERVER")}"]
  dns_challenge {{
    provider = "route53"
    config   = {{ AWS_HOSTED_ZONE_ID = "{value("ZONE_ID")}" }}
  }}
}}
'''


def peer_environment():
    """What the peers need beside the sandbox's variables: the CA's own certificate is signed by the sandbox."""
    return {"LEGO_CA_CERTIFICATES": value("ACME_CA_FILE")}
