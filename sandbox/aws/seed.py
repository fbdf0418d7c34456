"""Puts the sandbox's initial objects into moto and prints them as shell assignments; with --reset, first removes the rest.

Running it again changes nothing that is already there, and the ids stay the same.

Usage: seed.py [--reset] NODE_IP (the AWS_* environment names the endpoint)
"""

import sys

import boto3

ZONE_NAMES = {"ZONE": "sandbox.test", "CHILD_ZONE": "child.sandbox.test", "OTHER_ZONE": "elsewhere.test"}
BUCKET = "registry"
CLUSTER = "sandbox"
OIDC_URL = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXISTING"
# AWS checks well-known issuers by their chain; the API still wants forty hexadecimal digits.
THUMBPRINT = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"

route53 = boto3.client("route53")
iam = boto3.client("iam")
s3 = boto3.client("s3")
eks = boto3.client("eks")


def pages(client, operation, key, **arguments):
    """All items of a listing, over its pages."""
    return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[key]]


def zone_id(name):
    for zone in pages(route53, "list_hosted_zones", "HostedZones"):
        if zone["Name"] == name + ".":
            return zone["Id"].split("/")[-1]
    created = route53.create_hosted_zone(Name=name, CallerReference=name)
    return created["HostedZone"]["Id"].split("/")[-1]


def record(name, kind, ttl, *values):
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]}


def initial_records(name, node_ip):
    """A zone's own records. moto's SOA is malformed and its NS names point nowhere, so both are replaced."""
    server = f"ns1.{name}."
    records = [
        record(f"{name}.", "SOA", 900, f"{server} hostmaster.{name}. 1 7200 900 1209600 60"),
        record(f"{name}.", "NS", 3600, server),
        record(server, "A", 3600, node_ip),
    ]
    if name == ZONE_NAMES["ZONE"]:
        child = ZONE_NAMES["CHILD_ZONE"]
        records.append(record(f"{child}.", "NS", 3600, f"ns1.{child}."))
    return records


def change(zone, action, records):
    changes = [{"Action": action, "ResourceRecordSet": item} for item in records]
    for start in range(0, len(changes), 500):
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes[start : start + 500]})


def seed_zones(node_ip):
    ids = {key: zone_id(name) for key, name in ZONE_NAMES.items()}
    for key, name in ZONE_NAMES.items():
        change(ids[key], "UPSERT", initial_records(name, node_ip))
    return ids


def seed_provider():
    arns = [item["Arn"] for item in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    for arn in arns:
        if arn.endswith(OIDC_URL.removeprefix("https://")):
            return arn
    created = iam.create_open_id_connect_provider(
        Url=OIDC_URL, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[THUMBPRINT]
    )
    return created["OpenIDConnectProviderArn"]


def seed_bucket():
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        region = {"LocationConstraint": s3.meta.region_name}
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=region)


def seed_cluster():
    """An EKS cluster that only exists in moto; its issuer and endpoint are moto's invention."""
    if CLUSTER not in eks.list_clusters()["clusters"]:
        role = "arn:aws:iam::123456789012:role/eks"
        eks.create_cluster(name=CLUSTER, roleArn=role, resourcesVpcConfig={"subnetIds": ["subnet-1"]})


def reset_zones():
    for zone in pages(route53, "list_hosted_zones", "HostedZones"):
        identity, name = zone["Id"].split("/")[-1], zone["Name"].rstrip(".")
        kept = {(f"{name}.", "SOA"), (f"{name}.", "NS")}
        records = pages(route53, "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=identity)
        change(identity, "DELETE", [item for item in records if (item["Name"], item["Type"]) not in kept])
        if name not in ZONE_NAMES.values():
            route53.delete_hosted_zone(Id=identity)


def reset_roles():
    for role in pages(iam, "list_roles", "Roles"):
        name = role["RoleName"]
        for policy in pages(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name):
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        for policy in pages(iam, "list_role_policies", "PolicyNames", RoleName=name):
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)
    for policy in pages(iam, "list_policies", "Policies", Scope="Local"):
        for version in pages(iam, "list_policy_versions", "Versions", PolicyArn=policy["Arn"]):
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=policy["Arn"], VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=policy["Arn"])
    for provider in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        if not provider["Arn"].endswith(OIDC_URL.removeprefix("https://")):
            iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"])


def reset_buckets():
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            for item in page.get("Contents", []):
                s3.delete_object(Bucket=name, Key=item["Key"])
        for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
        if name != BUCKET:
            s3.delete_bucket(Bucket=name)


def reset_clusters():
    for name in eks.list_clusters()["clusters"]:
        if name != CLUSTER:
            eks.delete_cluster(name=name)


def main():
    arguments = sys.argv[1:]
    if arguments[0] == "--reset":
        arguments.pop(0)
        for part in (reset_zones, reset_roles, reset_buckets, reset_clusters):
            part()
    ids = seed_zones(arguments[0])
    for key, name in ZONE_NAMES.items():
        print(f"SANDBOX_{key}_NAME={name}\nSANDBOX_{key}_ID={ids[key]}")
    seed_bucket()
    seed_cluster()
    print(f"SANDBOX_BUCKET={BUCKET}\nSANDBOX_EKS_CLUSTER_NAME={CLUSTER}\nSANDBOX_OIDC_PROVIDER_ARN={seed_provider()}")


if __name__ == "__main__":
    main()
