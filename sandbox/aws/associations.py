"""Teaches moto's EKS the Pod Identity associations, which it leaves out, with what the real one refuses.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html; the words of refusals are those of
public reports.
"""

import datetime
import json
import threading
import uuid

from moto.core.responses import ActionResult
from moto.core.utils import unix_time
from moto.eks import urls
from moto.eks.exceptions import (
    InvalidParameterException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from moto.eks.models import EKSBackend
from moto.eks.responses import EKSResponse
from moto.iam.models import iam_backends

SERVICE = "pods.eks.amazonaws.com"
ACTIONS = {"sts:assumerole", "sts:tagsession"}
PATH = "{0}/clusters/(?P<clusterName>[^/]+)/pod-identity-associations"

lock = threading.Lock()


def as_list(value):
    return value if isinstance(value, list) else [value]


def trusts_pods(document):
    """Whether a trust policy allows both actions to Pod Identity."""
    allowed = set()
    for statement in as_list(json.loads(document)["Statement"]):
        if statement["Effect"] == "Allow" and SERVICE in as_list(statement.get("Principal", {}).get("Service", [])):
            allowed.update(action.lower() for action in as_list(statement["Action"]))
    return allowed & {"*", "sts:*"} or ACTIONS <= allowed


def check_role(backend, arn):
    parts = arn.split(":")
    if parts[4] != backend.account_id:
        raise InvalidParameterException(message="Cross-account pass role is not allowed.")
    roles = iam_backends[backend.account_id][backend.partition].roles.values()
    role = next((role for role in roles if role.arn == arn), None)
    if role is None:
        raise InvalidParameterException(message="Role provided in the request does not exist.")
    if not trusts_pods(role.assume_role_policy_document):
        raise InvalidParameterException(message="Trust policy of the role provided is invalid. Follow the official documentation to resolve the issue.")


def known(backend):
    """The associations of an account and region, by their ids."""
    return backend.__dict__.setdefault("pod_identities", {})


def of_cluster(backend, name):
    if name not in backend.clusters:
        raise ResourceNotFoundException(message=f"No cluster found for name: {name}.")
    return {one["associationId"]: one for one in known(backend).values() if one["clusterName"] == name}


def named(response):
    """The cluster, and the association if there is one, that a request's path names."""
    parts = response.parsed_url.path.rstrip("/").split("/")
    return parts[2], parts[4] if len(parts) > 4 else None


def one_of(response):
    cluster, name = named(response)
    found = of_cluster(response.eks_backend, cluster).get(name)
    if found is None:
        raise ResourceNotFoundException(message=f"No association found for associationId: {name}.")
    return found


def shown(association):
    return ActionResult({"association": {key: value for key, value in association.items() if key != "token"}})


def set_roles(association, response):
    role, target, untagged = (response._get_param(name) for name in ("roleArn", "targetRoleArn", "disableSessionTags"))
    if role is not None:
        check_role(response.eks_backend, role)
        association["roleArn"] = role
    if target is not None:
        association["targetRoleArn"] = target
        association["externalId"] = association.get("externalId") or str(uuid.uuid4()) if target else ""
    if untagged is not None:
        association["disableSessionTags"] = untagged
    association["modifiedAt"] = unix_time(datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None))


def create(response):
    backend, (cluster, _) = response.eks_backend, named(response)
    account = response._get_param("namespace"), response._get_param("serviceAccount")
    token = response._get_param("clientRequestToken")
    with lock:
        for other in of_cluster(backend, cluster).values():
            if (other["namespace"], other["serviceAccount"]) == account:
                if token and other["token"] == token:
                    return shown(other)
                raise ResourceInUseException(message=f"Association already exists: {other['associationId']}")
        name = f"a-{uuid.uuid4().hex[:17]}"
        arn = f"arn:{backend.partition}:eks:{backend.region_name}:{backend.account_id}:podidentityassociation/{cluster}/{name}"
        association = {"clusterName": cluster, "namespace": account[0], "serviceAccount": account[1], "token": token,
                       "associationId": name, "associationArn": arn, "tags": response._get_param("tags") or {}}
        set_roles(association, response)
        association["createdAt"] = association["modifiedAt"]
        known(backend)[name] = association
    return shown(association)


def describe(response):
    return shown(one_of(response))


def update(response):
    association = one_of(response)
    set_roles(association, response)
    return shown(association)


def delete(response):
    return shown(known(response.eks_backend).pop(one_of(response)["associationId"]))


def list_all(response):
    wanted = {name: response._get_param(name) for name in ("namespace", "serviceAccount")}
    found = of_cluster(response.eks_backend, named(response)[0]).values()
    found = [one for one in found if all(value in (None, one[name]) for name, value in wanted.items())]
    return ActionResult({"associations": found})


def tagged(backend, arn):
    return next((one["tags"] for one in known(backend).values() if one["associationArn"] == arn), None)


def with_associations(original, change):
    """moto's operation on the tags of clusters, for associations too."""
    def changed(backend, resource_arn, argument):
        tags = tagged(backend, resource_arn)
        return original(backend, resource_arn, argument) if tags is None else change(tags, argument)
    return changed


def untag(tags, keys):
    for key in as_list(keys):
        tags.pop(key, None)


def teach():
    """Adds the operations under the names by which moto finds them, and their paths."""
    EKSResponse.create_pod_identity_association = create
    EKSResponse.describe_pod_identity_association = describe
    EKSResponse.update_pod_identity_association = update
    EKSResponse.delete_pod_identity_association = delete
    EKSResponse.list_pod_identity_associations = list_all
    EKSBackend.tag_resource = with_associations(EKSBackend.tag_resource, dict.update)
    EKSBackend.untag_resource = with_associations(EKSBackend.untag_resource, untag)
    urls.url_paths[f"{PATH}$"] = urls.response.dispatch
    urls.url_paths[f"{PATH}/(?P<associationId>[^/]+)$"] = urls.response.dispatch
