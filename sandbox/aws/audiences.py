"""Teaches moto two operations of IAM that it leaves out: adding an audience to an OIDC provider, and removing one."""

from moto.core.responses import EmptyResult
from moto.iam.responses import IamResponse


def audiences(response):
    """The audiences of the provider that a request names, to change, and the one that it is about."""
    arn = response._get_param("OpenIDConnectProviderArn")
    return response.backend.get_open_id_connect_provider(arn).client_id_list, response._get_param("ClientID")


def add(response):
    known, client_id = audiences(response)
    if client_id not in known:
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
