//! What AWS refuses, and what of roles and OIDC providers cannot be.

use super::{Code, lasting, passing};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-AWS-001",
        "AWS gets no credentials, or does not take those it gets: none are set, they have expired, or a variable of \
         the environment holds more than the credential.",
        "Set the provider's `aws` attributes, or AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; log in \
         again where a session has expired. The message says which source failed.",
    ),
    lasting(
        "BERTH-AWS-002",
        "AWS knows who asks, and does not allow the action.",
        "Grant the action that the message names to the identity that it names. `required_permissions` gives all that \
         the types of a configuration need at once.",
    ),
    passing(
        "BERTH-AWS-003",
        "AWS refuses because an account may send only so many requests in a time, and went on refusing for as long as \
         the operation lasts.",
        "Apply again later. Fewer requests at once help: `-parallelism`, or fewer jobs of the same account.",
    ),
    passing(
        "BERTH-AWS-004",
        "AWS does not answer: a name that does not resolve, a proxy, a firewall, a connection that breaks.",
        "Check the network, the proxy and the end points (`aws.endpoints`, AWS_ENDPOINT_URL), and apply again.",
    ),
    lasting(
        "BERTH-AWS-005",
        "Something of this name is in the account already, and was not made by this resource.",
        "Import it to manage it, or choose another name. It was left as it is.",
    ),
    lasting(
        "BERTH-AWS-006",
        "What the configuration or an import names does not exist in this account and region.",
        "Check the name or id, `aws.region`, and whose credentials are used.",
    ),
    lasting(
        "BERTH-AWS-007",
        "AWS refuses the request's content.",
        "Change the value that AWS names in its words, and apply again.",
    ),
    lasting(
        "BERTH-AWS-008",
        "A quota of the account is used up.",
        "Remove what is no longer needed, or ask AWS to raise the quota.",
    ),
    lasting(
        "BERTH-AWS-009",
        "Something else still uses the object, so that it cannot be changed or removed.",
        "Remove what AWS names in its words, and apply again.",
    ),
    passing(
        "BERTH-AWS-010",
        "The time for the operation was used up, or the run was interrupted, while AWS was asked.",
        "Apply again: it goes on from there. If the time was too short, give more in `timeouts`.",
    ),
    passing(
        "BERTH-AWS-011",
        "AWS has trouble of its own, or still works at an earlier change of the same object.",
        "Apply again; AWS's health page tells of known disturbances.",
    ),
    lasting(
        "BERTH-AWS-012",
        "AWS answers with an error that berth does not know.",
        "Look up the code that the message quotes in AWS's documentation.",
    ),
    lasting(
        "BERTH-AWS-020",
        "The id of an import of an OIDC provider or a Pod Identity association cannot be read.",
        "Give the provider's ARN or its URL; for an association the cluster and its id or its account.",
    ),
    lasting(
        "BERTH-AWS-021",
        "The trust policy of a role cannot be written from what the configuration says.",
        "Correct the attribute that the message points at.",
    ),
    lasting(
        "BERTH-AWS-022",
        "A statement, a tag or another value of a role or provider is none that IAM takes.",
        "Correct the attribute that the message names; nothing was changed.",
    ),
    lasting(
        "BERTH-AWS-023",
        "Attributes of a role are missing or exclude each other: its name, the cluster whose accounts it trusts, \
         accounts to annotate.",
        "Set or leave out what the message names.",
    ),
    lasting(
        "BERTH-AWS-024",
        "A policy or the number of a role's policies is beyond what IAM allows. A warning where AWS raises the quota \
         on request.",
        "Shorten or divide the statements, set `policy_kind = \"managed\"`, or attach fewer policies, as the message \
         says.",
    ),
    lasting(
        "BERTH-AWS-025",
        "A warning: a service account that shall be annotated does not exist yet.",
        "Make the account, and apply again: the next plan sees what is missing.",
    ),
    lasting(
        "BERTH-AWS-026",
        "The state of an object of the `aws` provider cannot be taken over by a `moved` block: another version of its \
         state wrote it.",
        "Import the object instead, and remove the old resource from the state.",
    ),
    lasting(
        "BERTH-AWS-027",
        "No name can be made up for a role, because the machine gives no random numbers.",
        "Set `name` instead of `name_prefix`, or apply on another machine.",
    ),
    lasting(
        "BERTH-AWS-028",
        "A warning: the certificate of an OIDC issuer could not be read from this machine.",
        "Nothing, if AWS can reach the issuer: it reads the certificate itself. Else set `thumbprints`.",
    ),
    lasting(
        "BERTH-AWS-029",
        "The role was removed, and somebody else made another one of the same name.",
        "Remove that role if nobody needs it, take it over by import, or choose another name.",
    ),
    lasting(
        "BERTH-AWS-035",
        "A warning: a statement of a policy may not mean what it says. It is sent as it is.",
        "Check that it means what you want; IAM has the last word.",
    ),
    lasting(
        "BERTH-AWS-036",
        "A warning: an OIDC provider has no audience, or its URL a port, which AWS advises against.",
        "Name at least one audience, such as `sts.amazonaws.com`; take an issuer without a port, if IAM refuses it.",
    ),
    lasting(
        "BERTH-AWS-037",
        "A warning: IAM has no OIDC provider for a role's issuer, so that nobody could assume the role.",
        "Check the issuer, whose case and slashes count, or declare a `berth_oidc_provider`. Nothing, if this apply \
         makes it.",
    ),
    lasting(
        "BERTH-AWS-038",
        "An object was planned with credentials of another account than it is applied with.",
        "Apply with credentials of the planned account, or plan again; nothing was changed.",
    ),
    lasting(
        "BERTH-AWS-039",
        "The region in the provider block is none that AWS has.",
        "Set `aws.region` to what the message names; nothing was asked.",
    ),
    passing(
        "BERTH-AWS-040",
        "A role or an association was removed by somebody else while it was about to be changed.",
        "Apply again: the refresh sees that it is gone, and it is made anew.",
    ),
    lasting(
        "BERTH-AWS-041",
        "A warning: two roles of the configuration annotate one service account, which can assume only one.",
        "Leave the account, or `annotate_service_accounts`, out of one of them.",
    ),
    lasting(
        "BERTH-AWS-042",
        "A warning: a service account named another role before, which somebody else had set.",
        "See that nobody else sets it, or each takes it from the other.",
    ),
    lasting(
        "BERTH-AWS-043",
        "A warning: a role that is to be made exists already.",
        "Import it, or choose another name. Nothing, if this apply removes it first.",
    ),
    lasting(
        "BERTH-AWS-044",
        "A warning: IAM has no managed policy of an ARN that a role names.",
        "Correct the ARN. Nothing, if this apply makes the policy before.",
    ),
    lasting(
        "BERTH-AWS-045",
        "A warning: the issuer of an OIDC provider that is to be made has one already.",
        "Import it. Nothing, if this apply removes it first.",
    ),
    lasting(
        "BERTH-AWS-046",
        "A warning: a managed policy that is called like a role's own is somebody else's, or others have it too.",
        "Choose another name or path for the role, or `policy_kind = \"inline\"`.",
    ),
    lasting(
        "BERTH-AWS-047",
        "A role cannot be destroyed while something else has a managed policy of its own too.",
        "Detach the policy there and apply again; the role stays until then.",
    ),
    lasting(
        "BERTH-AWS-048",
        "A warning: somebody removed a role and left its own managed policies.",
        "Apply, which makes the role anew and takes them; or remove them, if it is not to be made again.",
    ),
    lasting(
        "BERTH-AWS-080",
        "The role of a Pod Identity association does not trust EKS, or not for both actions.",
        "Add a statement that allows `sts:AssumeRole` and `sts:TagSession` to `pods.eks.amazonaws.com`.",
    ),
    lasting(
        "BERTH-AWS-081",
        "A service account has a Pod Identity association already, and can have only one in a cluster.",
        "Import the one that exists, or remove it where it is declared.",
    ),
    passing(
        "BERTH-AWS-082",
        "A warning: new Pods do not get the association yet, so the service account keeps its annotation.",
        "Apply again. If it stays, see whether the `kubernetes` settings lead to the cluster of the association.",
    ),
    lasting(
        "BERTH-AWS-083",
        "A warning: the role of a Pod Identity association is of another account than the cluster, and EKS will refuse it.",
        "Name a role of the cluster's account, and the other account's in `target_role_arn`.",
    ),
];
