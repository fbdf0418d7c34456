"""Teaches moto two operations of IAM that it leaves out: adding an audience to an OIDC provider, and removing one."""

from moto.core.responses import EmptyResult
from moto.iam.exceptions import LimitExceededException
from moto.iam.responses import IamResponse

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST = 100


def audiences(response):
    """The audiences of the provider that a request names, to change, and the one that it is about."""
    arn = response._get_param("OpenIDConnectProviderArn")
    return response.backend.get_open_id_connect_provider(arn).client_id_list, response._get_param("ClientID")


def add(response):
    known, client_id = audiences(response)
    if client_id not in known:
        if len(known) >= MOST:
            raise LimitExceededException(f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MOST}")
        known.append(client_id)
    return EmptyResult()


def remove(response):
    known, client_id = audiences(response)
    if client_id in known:
        known.remove(client_id)
    return EmptyResult()


def teach():
    """Adds the operations under the names by which moto finds them."""
    IamResponse.add_client_id_to_open_id_connect_provider = add
    IamResponse.remove_client_id_from_open_id_connect_provider = remove
