"""Makes moto's IAM refuse what the real one documents of roles, policies, tags and OIDC providers.

The limits: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, tags:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html. moto itself checks the tags of a request, a provider's form,
and what a permission policy is written like.
"""

import functools
import json
import re

from moto.iam.exceptions import (
    DeleteConflictException,
    EntityAlreadyExists,
    InvalidInput,
    LimitExceededException,
    MalformedPolicyDocument,
    NotFoundException,
    ValidationError,
)
from moto.iam.models import IAMBackend

NAME = 64
POLICY_NAME = 128
PATH = 512
DESCRIPTION = 1000
TRUST = 2048
INLINE = 10240
MANAGED = 6144
ATTACHED = 10
TAGS = 50
THUMBPRINTS = 5
SESSION = range(3600, 43201)


def limit(quota, most):
    return LimitExceededException(f"Cannot exceed quota for {quota}: {most}")


def unfit(value, where, constraint):
    return ValidationError(f"1 validation error detected: Value '{value}' at '{where}' failed to satisfy constraint: {constraint}")


def at_most(value, where, most):
    if value and len(value) > most:
        raise unfit(value, where, f"Member must have length less than or equal to {most}")


def size(document):
    """IAM counts no white space."""
    return len(re.sub(r"\s", "", document))


def check_name(name, where, most):
    at_most(name, where, most)
    if not re.fullmatch(r"[\w+=,.@-]+", name or "", re.ASCII):
        raise ValidationError(f"The specified value for {where} is invalid. It must contain only alphanumeric characters and/or the "
                              "following: +=,.@_-")


def check_path(path):
    at_most(path, "path", PATH)
    if path and not re.fullmatch(r"/|/[!-~]+/", path):
        raise ValidationError("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric "
                              "characters and/or / characters.")


def check_session(seconds):
    if seconds is not None and int(seconds) not in SESSION:
        raise unfit(seconds, "maxSessionDuration", f"Member must have value between {SESSION.start} and {SESSION.stop - 1}")


def check_trust(document):
    """A trust policy is an object with statements of effects, principals and actions, and names no resource."""
    try:
        policy = json.loads(document)
    except ValueError:
        raise MalformedPolicyDocument("This policy contains invalid Json") from None
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not all(isinstance(statement, dict) for statement in statements):
        raise MalformedPolicyDocument("Syntax errors in policy.")
    for statement in statements:
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise MalformedPolicyDocument("Syntax errors in policy.")
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise MalformedPolicyDocument("Missing required field Principal")
        if "Action" not in statement and "NotAction" not in statement:
            raise MalformedPolicyDocument("Missing required field Action")
        if "Resource" in statement or "NotResource" in statement:
            raise MalformedPolicyDocument("Has prohibited field Resource")
    if size(document) > TRUST:
        raise limit("ACLSizePerRole", TRUST)


def check_boundary(backend, arn):
    """Policies of AWS's own are taken on trust: moto loads none."""
    if arn and ":iam::aws:" not in arn and arn not in backend.managed_policies:
        raise NotFoundException(f"Scope ARN: {arn} does not exist or is not attachable.")


def tags_after(there, more):
    """Tags by key without case, as roles have them; the new ones replace."""
    return {**{tag["Key"].lower(): tag for tag in there}, **{tag["Key"].lower(): tag for tag in more}}


def create_role(original, backend, role_name, assume_role_policy_document, path, permissions_boundary, description, tags,
                max_session_duration, linked_service=None):
    check_name(role_name, "roleName", NAME)
    check_path(path)
    at_most(description, "description", DESCRIPTION)
    check_session(max_session_duration)
    check_trust(assume_role_policy_document)
    check_boundary(backend, permissions_boundary)
    if any(role.name.lower() == role_name.lower() for role in backend.get_roles()):
        raise EntityAlreadyExists(f"Role with name {role_name} already exists.")
    return original(backend, role_name, assume_role_policy_document, path, permissions_boundary, description, tags,
                    max_session_duration, linked_service)


def update_role(original, backend, role_name, role_description, max_session_duration):
    at_most(role_description, "description", DESCRIPTION)
    check_session(max_session_duration)
    return original(backend, role_name, role_description, max_session_duration)


def update_trust(original, backend, role_name, policy_document):
    backend.get_role(role_name)
    check_trust(policy_document)
    return original(backend, role_name, policy_document)


def put_boundary(original, backend, role_name, permissions_boundary):
    check_boundary(backend, permissions_boundary)
    return original(backend, role_name, permissions_boundary)


def put_role_policy(original, backend, role_name, policy_name, policy_json):
    check_name(policy_name, "policyName", POLICY_NAME)
    others = [document for name, document in backend.get_role(role_name).policies.items() if name != policy_name]
    if sum(map(size, [*others, policy_json])) > INLINE:
        raise LimitExceededException(f"Maximum policy size of {INLINE} bytes exceeded for role {role_name}")
    return original(backend, role_name, policy_name, policy_json)


def attach_role_policy(original, backend, policy_arn, role_name):
    attached = backend.get_role(role_name).managed_policies
    if policy_arn not in attached and len(attached) >= ATTACHED:
        raise limit("PoliciesPerRole", ATTACHED)
    return original(backend, policy_arn, role_name)


def tag_role(original, backend, role_name, tags):
    backend._tag_verification(tags)
    role = backend.get_role(role_name)
    after = tags_after(role.tags, tags)
    if len(after) > TAGS:
        raise limit("TagsPerRole", TAGS)
    role.tags = list(after.values())


def untag_role(original, backend, role_name, tag_keys):
    role = backend.get_role(role_name)
    gone = {key.lower() for key in tag_keys}
    original(backend, role_name, tag_keys)
    role.tags = [tag for tag in role.tags if tag["Key"].lower() not in gone]


def create_policy(original, backend, description, path, policy_document, policy_name, tags):
    check_name(policy_name, "policyName", POLICY_NAME)
    check_path(path)
    at_most(description, "description", DESCRIPTION)
    if size(policy_document) > MANAGED:
        raise limit("PolicySize", MANAGED)
    return original(backend, description, path, policy_document, policy_name, tags)


def create_policy_version(original, backend, policy_arn, policy_document, set_as_default):
    if size(policy_document) > MANAGED:
        raise limit("PolicySize", MANAGED)
    return original(backend, policy_arn, policy_document, set_as_default)


def delete_policy(original, backend, policy_arn):
    if any(policy_arn in role.managed_policies for role in backend.get_roles()):
        raise DeleteConflictException("Cannot delete a policy attached to entities.")
    return original(backend, policy_arn)


def tag_policy(original, backend, policy_arn, tags):
    if len({*backend.get_policy(policy_arn).tags, *(tag["Key"].lower() for tag in tags)}) > TAGS:
        raise limit("TagsPerPolicy", TAGS)
    return original(backend, policy_arn, tags)


def thumbprints(given):
    """IAM keeps them in small letters."""
    for one in given:
        if len(one) != 40:
            raise unfit(given, "thumbprintList", "Member must satisfy constraint: [Member must have length less than or equal to 40, Member "
                        "must have length greater than or equal to 40]")
    if len(given) > THUMBPRINTS:
        raise InvalidInput("Thumbprint list must contain fewer than 5 entries.")
    return [one.lower() for one in given]


def create_provider(original, backend, url, thumbprint_list, client_id_list, tags):
    address = url.removeprefix("https://")
    if any(provider.url == address for provider in backend.open_id_providers.values()):
        raise EntityAlreadyExists(f"Provider with url {url} already exists.")
    return original(backend, url, thumbprints(thumbprint_list), client_id_list, tags)


def update_thumbprints(original, backend, arn, thumbprint_list):
    return original(backend, arn, thumbprints(thumbprint_list))


def tag_provider(original, backend, arn, tags):
    if len({*backend.get_open_id_connect_provider(arn).tags, *(tag["Key"].lower() for tag in tags)}) > TAGS:
        raise limit("TagsPerOpenIdConnectProvider", TAGS)
    return original(backend, arn, tags)


RULES = {
    "create_role": create_role,
    "update_role": update_role,
    "update_assume_role_policy": update_trust,
    "put_role_permissions_boundary": put_boundary,
    "put_role_policy": put_role_policy,
    "attach_role_policy": attach_role_policy,
    "tag_role": tag_role,
    "untag_role": untag_role,
    "create_policy": create_policy,
    "create_policy_version": create_policy_version,
    "delete_policy": delete_policy,
    "tag_policy": tag_policy,
    "create_open_id_connect_provider": create_provider,
    "update_open_id_connect_provider_thumbprint": update_thumbprints,
    "tag_open_id_connect_provider": tag_provider,
}


def before(original, rule):
    """The operation behind its rule."""
    @functools.wraps(original)
    def checked(backend, *arguments, **named):
        return rule(original, backend, *arguments, **named)
    return checked


def teach():
    """Puts each rule before moto's operation."""
    for name, rule in RULES.items():
        setattr(IAMBackend, name, before(getattr(IAMBackend, name), rule))
