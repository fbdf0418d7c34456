//! The permissions of each type. Acceptance tests record the calls of each and compare them with this table.
//!
//! Which resources an action knows: <https://docs.aws.amazon.com/service-authorization/latest/reference/>.

use super::scope::On;

/// The kind of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A resource.
    Resource,
    /// A data source.
    Data,
    /// An ephemeral resource.
    Ephemeral,
    /// A list resource.
    List,
    /// An action.
    Action,
}

/// What one type needs.
#[derive(Debug)]
pub struct Entry {
    /// Its kind.
    pub sort: Sort,
    /// Its name.
    pub name: &'static str,
    /// What it needs of AWS; nothing where it speaks to other remotes only.
    pub groups: &'static [&'static Group],
    /// Whether a refresh and a plan need AWS at all.
    pub asks_at_plan: bool,
    /// What plans try to find out for their warnings, and do without where it is not allowed.
    pub preflights: &'static [&'static Group],
}

/// Actions on objects of one kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    /// The name of its statement.
    pub sid: &'static str,
    /// The service, as actions begin with.
    pub service: &'static str,
    /// What the actions are on.
    pub on: On,
    /// The actions.
    pub actions: &'static [Action],
}

/// One action.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name, without the service.
    pub name: &'static str,
    /// Whether a refresh or a plan needs it too.
    pub plan: bool,
}

const fn read(name: &'static str) -> Action {
    Action { name, plan: true }
}

const fn write(name: &'static str) -> Action {
    Action { name, plan: false }
}

/// Roles, with what they may do. They are read one by one where the account is too large to be listed, or may not be.
static ROLES: Group = Group {
    sid: "Roles",
    service: "iam",
    on: On::Roles,
    actions: &[
        read("GetRole"),
        read("ListRolePolicies"),
        read("GetRolePolicy"),
        read("ListAttachedRolePolicies"),
        write("CreateRole"),
        write("UpdateRole"),
        write("UpdateAssumeRolePolicy"),
        write("PutRolePermissionsBoundary"),
        write("DeleteRolePermissionsBoundary"),
        write("TagRole"),
        write("UntagRole"),
        write("PutRolePolicy"),
        write("DeleteRolePolicy"),
        write("AttachRolePolicy"),
        write("DetachRolePolicy"),
        write("ListInstanceProfilesForRole"),
        write("DeleteRole"),
    ],
};

/// Managed policies of the roles' own.
static POLICIES: Group = Group {
    sid: "Policies",
    service: "iam",
    on: On::Policies,
    actions: &[
        read("GetPolicy"),
        read("GetPolicyVersion"),
        write("CreatePolicy"),
        write("ListPolicyVersions"),
        write("CreatePolicyVersion"),
        write("DeletePolicyVersion"),
        write("TagPolicy"),
        write("UntagPolicy"),
        write("DeletePolicy"),
    ],
};

/// Everything of an account at once, instead of many small questions; done without where it is not allowed.
static ACCOUNT: Group = Group {
    sid: "Account",
    service: "iam",
    on: On::Anything,
    actions: &[read("GetAccountAuthorizationDetails"), read("ListRoles")],
};

/// Instance profiles, which hold on to a role that is destroyed.
static PROFILES: Group = Group {
    sid: "InstanceProfiles",
    service: "iam",
    on: On::Profiles,
    actions: &[write("RemoveRoleFromInstanceProfile")],
};

static PROVIDERS: Group = Group {
    sid: "OidcProviders",
    service: "iam",
    on: On::Providers,
    actions: &[
        read("GetOpenIDConnectProvider"),
        write("CreateOpenIDConnectProvider"),
        write("AddClientIDToOpenIDConnectProvider"),
        write("RemoveClientIDFromOpenIDConnectProvider"),
        write("UpdateOpenIDConnectProviderThumbprint"),
        write("TagOpenIDConnectProvider"),
        write("UntagOpenIDConnectProvider"),
        write("DeleteOpenIDConnectProvider"),
    ],
};

/// Whether IAM has the provider that a role is to trust.
static FIND_PROVIDERS: Group =
    Group { sid: "FindProviders", service: "iam", on: On::Providers, actions: &[read("GetOpenIDConnectProvider")] };

/// All providers of the account.
static LIST_PROVIDERS: Group = Group {
    sid: "ListOidcProviders",
    service: "iam",
    on: On::Anything,
    actions: &[read("ListOpenIDConnectProviders")],
};

static CLUSTERS: Group =
    Group { sid: "Clusters", service: "eks", on: On::Clusters, actions: &[read("DescribeCluster")] };

/// Pod Identity associations.
static ASSOCIATIONS: Group = Group {
    sid: "PodIdentities",
    service: "eks",
    on: On::Associations,
    actions: &[
        read("DescribePodIdentityAssociation"),
        write("UpdatePodIdentityAssociation"),
        write("DeletePodIdentityAssociation"),
        write("TagResource"),
        write("UntagResource"),
    ],
};

static MAKE_ASSOCIATIONS: Group = Group {
    sid: "MakePodIdentities",
    service: "eks",
    on: On::Clusters,
    actions: &[write("CreatePodIdentityAssociation"), write("ListPodIdentityAssociations")],
};

/// All associations of a cluster.
static LIST_ASSOCIATIONS: Group = Group {
    sid: "ListPodIdentities",
    service: "eks",
    on: On::Clusters,
    actions: &[read("ListPodIdentityAssociations")],
};

/// EKS hands the role on, which must be allowed to the caller.
static PASS_ROLES: Group = Group { sid: "PassRoles", service: "iam", on: On::Roles, actions: &[write("PassRole")] };

/// Whether a role trusts EKS: told in plans, and where EKS refuses it.
static LOOK_AT_ROLES: Group = Group { sid: "LookAtRoles", service: "iam", on: On::Roles, actions: &[read("GetRole")] };

/// Finding a zone by its name.
static FIND_ZONES: Group =
    Group { sid: "FindZones", service: "route53", on: On::Anything, actions: &[read("ListHostedZones")] };

static READ_ZONES: Group =
    Group { sid: "ReadZones", service: "route53", on: On::Zones, actions: &[read("GetHostedZone")] };

static RECORDS: Group = Group {
    sid: "Records",
    service: "route53",
    on: On::Zones,
    actions: &[read("ListResourceRecordSets"), write("ChangeResourceRecordSets")],
};

/// Waiting until a change is everywhere.
static CHANGES: Group = Group { sid: "Changes", service: "route53", on: On::Changes, actions: &[write("GetChange")] };

/// Asking IAM what it would allow, before it is needed.
static SIMULATION: Group =
    Group { sid: "Preflights", service: "iam", on: On::Anything, actions: &[read("SimulatePrincipalPolicy")] };

/// What every writer of records needs.
const DNS: &[&Group] = &[&FIND_ZONES, &READ_ZONES, &RECORDS, &CHANGES];

/// What plans look at before records are written for the first time.
const PREFLIGHTS: &[&Group] = &[&SIMULATION, &FIND_ZONES, &READ_ZONES, &RECORDS];

const fn resource(name: &'static str, groups: &'static [&'static Group]) -> Entry {
    Entry { sort: Sort::Resource, name, groups, asks_at_plan: true, preflights: &[] }
}

/// A resource that asks AWS only while it is applied.
const fn applied(name: &'static str, groups: &'static [&'static Group]) -> Entry {
    Entry { asks_at_plan: false, ..resource(name, groups) }
}

const fn data(name: &'static str, groups: &'static [&'static Group]) -> Entry {
    Entry { sort: Sort::Data, name, groups, asks_at_plan: true, preflights: &[] }
}

const fn ephemeral(name: &'static str) -> Entry {
    Entry { sort: Sort::Ephemeral, name, groups: &[], asks_at_plan: false, preflights: &[] }
}

/// A listing: of these groups it needs what only reads, also of the objects that are found.
const fn list(name: &'static str, groups: &'static [&'static Group]) -> Entry {
    Entry { sort: Sort::List, name, groups, asks_at_plan: true, preflights: &[] }
}

const fn action(name: &'static str) -> Entry {
    Entry { sort: Sort::Action, name, groups: &[], asks_at_plan: false, preflights: &[] }
}

/// Every type of the catalogue; `tests/catalogue.rs` names those that are missing.
pub static ENTRIES: &[Entry] = &[
    resource("berth_acme_account", &[]),
    Entry { preflights: PREFLIGHTS, ..applied("berth_acme_certificate", DNS) },
    resource("berth_acme_order", &[]),
    resource("berth_artifact", &[]),
    resource("berth_chart", &[]),
    resource("berth_dns_record", DNS),
    resource("berth_dns_records", DNS),
    resource("berth_dns01_delegation", DNS),
    resource("berth_dns01_record", DNS),
    Entry { preflights: &[&FIND_PROVIDERS], ..resource("berth_irsa_role", &[&ROLES, &POLICIES, &ACCOUNT, &PROFILES]) },
    resource("berth_cert_manager", &[]),
    resource("berth_cert_manager_backup", &[]),
    resource("berth_certificate", &[]),
    resource("berth_issuer", &[]),
    resource("berth_manifest", &[]),
    resource("berth_image", &[]),
    resource("berth_image_mirror", &[]),
    resource("berth_node_trust", &[]),
    resource("berth_oidc_provider", &[&PROVIDERS]),
    Entry {
        preflights: &[&LOOK_AT_ROLES],
        ..resource("berth_pod_identity", &[&ASSOCIATIONS, &MAKE_ASSOCIATIONS, &PASS_ROLES])
    },
    resource("berth_pull_secret", &[]),
    resource("berth_registry", &[]),
    resource("berth_registry_check", &[]),
    data("berth_catalog", &[]),
    data("berth_image", &[]),
    data("berth_repository_tags", &[]),
    data("berth_eks_cluster", &[&CLUSTERS]),
    data("berth_dns_lookup", &[]),
    data("berth_hosted_zone", &[&FIND_ZONES, &READ_ZONES]),
    data("berth_ingress_address", &[]),
    data("berth_certificate_diagnosis", &[]),
    data("berth_pod_diagnosis", &[]),
    data("berth_registry_diagnosis", &[]),
    data("berth_workload_policy", &[]),
    ephemeral("berth_docker_config"),
    ephemeral("berth_htpasswd"),
    ephemeral("berth_registry_token"),
    list("berth_acme_certificate", &[]),
    list("berth_dns_record", &[&FIND_ZONES, &READ_ZONES, &RECORDS]),
    list("berth_irsa_role", &[&ROLES, &POLICIES, &ACCOUNT]),
    list("berth_node_trust", &[]),
    list("berth_oidc_provider", &[&LIST_PROVIDERS, &PROVIDERS]),
    list("berth_pod_identity", &[&LIST_ASSOCIATIONS, &ASSOCIATIONS]),
    list("berth_pull_secret", &[]),
    list("berth_registry", &[]),
    action("berth_certificate_renew"),
    action("berth_image_pull_check"),
    action("berth_registry_check"),
    action("berth_registry_restart"),
];
