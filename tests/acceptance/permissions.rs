//! The permissions that berth says it needs are the calls that it makes: no more, no fewer.
//!
//! Each type is applied, planned, changed, imported and destroyed with an access key of its own, by which the sandbox's
//! request log tells its calls.

use std::collections::BTreeSet;

use berth::domain::permissions::{Scope, permissions};

use crate::aws::identity::pods::{association, trusting};
use crate::aws::unique;
use crate::kubectl::Namespace;
use crate::sandbox;
use crate::workspace::{Cli, Workspace};

/// AWS allows this to everybody (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>), and
/// plans only try that one, and go on without (`preflights` in `required_permissions`).
const FREE: [&str; 2] = ["sts:GetCallerIdentity", "iam:SimulatePrincipalPolicy"];

/// What only some circumstances need, which the runs below do not bring about.
const RARELY: [(&str, &str); 6] = [
    ("iam:ListInstanceProfilesForRole", "a role is destroyed that somebody put into an instance profile"),
    ("iam:RemoveRoleFromInstanceProfile", "the same"),
    ("iam:GetRole", "a role is not in the account's listing, or the account is not listed"),
    ("iam:ListRolePolicies", "the same"),
    ("iam:GetRolePolicy", "the same"),
    ("iam:ListAttachedRolePolicies", "the same"),
];

/// One run of a host with the provider, told by its access key.
pub struct Recorder {
    key: String,
}

impl Recorder {
    pub fn new() -> Self {
        let key = unique("AKIA").to_ascii_uppercase().replace('-', "0");
        Self { key: format!("{key:X<20}") }
    }

    pub fn workspace(&self, cli: &Cli, configuration: &str) -> Workspace {
        Workspace::on(cli, configuration).env("AWS_ACCESS_KEY_ID", &self.key)
    }

    /// The actions that were asked for, without those that everybody may.
    pub fn actions(&self) -> BTreeSet<String> {
        let requests = sandbox::requests();
        let own = requests.iter().filter(|line| line.ends_with(&format!(" {}", self.key)));
        own.map(|line| action(line)).filter(|action| !FREE.contains(&action.as_str())).collect()
    }
}

/// The action of a line of the request log.
fn action(line: &str) -> String {
    let fields: Vec<&str> = line.split(' ').collect();
    let [_, service, method, target, form, ..] = fields.as_slice() else {
        panic!("no line of the request log: {line}")
    };
    let path = target.split('?').next().unwrap().trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let name = match (*service, *method, parts.as_slice()) {
        ("iam" | "sts", ..) => *form,
        ("route53", "GET", [_, "hostedzone"]) => "ListHostedZones",
        ("route53", "GET", [_, "hostedzone", _]) => "GetHostedZone",
        ("route53", "GET", [_, "hostedzone", _, "rrset"]) => "ListResourceRecordSets",
        ("route53", "POST", [_, "hostedzone", _, "rrset"]) => "ChangeResourceRecordSets",
        ("route53", "GET", [_, "change", _]) => "GetChange",
        ("eks", "GET", ["clusters", _]) => "DescribeCluster",
        ("eks", "GET", ["clusters", _, "pod-identity-associations"]) => "ListPodIdentityAssociations",
        ("eks", "POST", ["clusters", _, "pod-identity-associations"]) => "CreatePodIdentityAssociation",
        ("eks", "GET", ["clusters", _, "pod-identity-associations", _]) => "DescribePodIdentityAssociation",
        ("eks", "POST", ["clusters", _, "pod-identity-associations", _]) => "UpdatePodIdentityAssociation",
        ("eks", "DELETE", ["clusters", _, "pod-identity-associations", _]) => "DeletePodIdentityAssociation",
        ("eks", "POST", ["tags", ..]) => "TagResource",
        ("eks", "DELETE", ["tags", ..]) => "UntagResource",
        other => panic!("this test does not know the action of {other:?}"),
    };
    format!("{service}:{name}")
}

/// What the table says.
pub fn table(types: &[&str], scope: &Scope, plan_only: bool) -> BTreeSet<String> {
    let statements = permissions(types.iter().copied(), scope, plan_only).unwrap();
    statements.into_iter().flat_map(|statement| statement.actions).collect()
}

/// Compares what was recorded with what the table says of these types.
#[track_caller]
pub fn compare(types: &[&str], plan_only: bool, recorded: &BTreeSet<String>, rarely: &[&str]) {
    let promised = table(types, &Scope::default(), plan_only);
    let with_preflights = serde_json::json!({ "preflights": true });
    let allowed = table(types, &Scope::read(with_preflights.as_object().unwrap()).unwrap(), plan_only);
    let untold: Vec<_> = recorded.difference(&allowed).collect();
    assert!(untold.is_empty(), "{types:?} call what the table does not have: {untold:?}");
    let known = |action: &&String| RARELY.iter().any(|(rare, _)| rare == *action) || rarely.contains(&action.as_str());
    let idle: Vec<_> = promised.difference(recorded).filter(|action| !known(action)).collect();
    let when = if plan_only { "at plan " } else { "" };
    assert!(idle.is_empty(), "the table says that {types:?} call {when}what they never called: {idle:?}");
}

/// What the table has and a scenario does not bring about, beside [`RARELY`].
#[derive(Default)]
struct Unused {
    /// Neither at plan nor at apply.
    at_all: &'static [&'static str],
    /// At apply only.
    at_plan: &'static [&'static str],
}

/// The life of a configuration: applied and planned as each of `steps`, imported anew from `imports`, destroyed. Compares
/// all calls, and those of planning alone.
fn live(types: &[&str], steps: &[String], imports: &[(&str, String)], unused: &Unused) {
    for cli in Cli::all() {
        let (all, plans) = (Recorder::new(), Recorder::new());
        let mut workspace = all.workspace(&cli, &steps[0]);
        for step in steps {
            workspace.configure(step);
            workspace.apply().succeeds();
            let planning = workspace.env("AWS_ACCESS_KEY_ID", &plans.key);
            planning.plan().changes_nothing();
            workspace = planning.env("AWS_ACCESS_KEY_ID", &all.key);
        }
        workspace.refresh().succeeds();
        for (address, id) in imports {
            workspace.run(&["state", "rm", address]).succeeds();
            workspace.import(address, id).succeeds();
        }
        workspace.destroy().succeeds();
        let seen = plans.actions();
        compare(types, false, &all.actions().union(&seen).cloned().collect(), unused.at_all);
        compare(types, true, &seen, &[unused.at_all, unused.at_plan].concat());
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn roles_call_what_the_table_says() {
    let prefix = unique("permitted");
    let role = |count: u32, account: &str, action: &str, more: &str| {
        format!(
            "resource \"berth_irsa_role\" \"x\" {{\n count = {count}\n name = \"{prefix}-${{count.index}}\"\n description = \
             \"for {account}\"\n oidc_issuer_url = \"https://oidc.example/id/A\"\n service_accounts = [{{ namespace = \"a\", \
             name = \"{account}\" }}]\n statements = [{{ actions = [\"s3:{action}\"], resources = [\"*\"] }}]\n {more}\n}}\n"
        )
    };
    let boundary = "permissions_boundary = \"arn:aws:iam::aws:policy/ReadOnlyAccess\"";
    let managed = "policy_kind = \"managed\"";
    let tag = |key: &str| format!("tags = {{ {key} = \"1\" }}");
    let steps = [
        role(1, "b", "GetObject", &format!("{boundary}\n {}", tag("a"))),
        role(1, "c", "GetObject", &format!("{managed}\n {}", tag("b"))),
        role(1, "c", "PutObject", &format!("{managed}\n {boundary}\n {}", tag("c"))),
        role(1, "c", "PutObject", &tag("c")),
        // More than a few are read by one listing.
        role(5, "c", "PutObject", managed),
    ];
    let imports = [("berth_irsa_role.x[0]", format!("{prefix}-0"))];
    // A plan reads them in the account's listing.
    let unused = Unused { at_plan: &["iam:GetPolicy", "iam:GetPolicyVersion"], ..Unused::default() };
    live(&["berth_irsa_role"], &steps, &imports, &unused);
}

#[test]
#[ignore = "needs the sandbox"]
fn providers_call_what_the_table_says() {
    let host = format!("{}.example/id/A", unique("permitted"));
    let provider = |thumbprint: &str, tag: &str, audience: &str| {
        let thumbprint = thumbprint.repeat(40);
        format!(
            "resource \"berth_oidc_provider\" \"x\" {{\n url = \"https://{host}\"\n thumbprints = [\"{thumbprint}\"]\n client_ids = [\"{audience}\"]\n tags = {{ {tag} = \"1\" }}\n}}\n"
        )
    };
    let imports = [("berth_oidc_provider.x", format!("arn:aws:iam::123456789012:oidc-provider/{host}"))];
    live(
        &["berth_oidc_provider"],
        &[provider("a", "a", "one"), provider("b", "b", "other")],
        &imports,
        &Unused::default(),
    );
}

#[test]
#[ignore = "needs the sandbox"]
fn clusters_call_what_the_table_says() {
    let name = sandbox::value("SANDBOX_EKS_CLUSTER_NAME");
    let data = format!("data \"berth_eks_cluster\" \"x\" {{ name = \"{name}\" }}\n");
    live(&["data.berth_eks_cluster"], &[data], &[], &Unused::default());
}

#[test]
#[ignore = "needs the sandbox"]
fn associations_call_what_the_table_says() {
    let (namespace, roles) = (unique("permitted"), [trusting(), trusting()]);
    let steps = [
        association(&namespace, &roles[0], "tags = { a = \"1\" }"),
        association(&namespace, &roles[1], "tags = { b = \"1\" }"),
    ];
    let imports =
        [("berth_pod_identity.x", format!("{}/web", sandbox::value("SANDBOX_EKS_CLUSTER_NAME") + "," + &namespace))];
    // It is no call: EKS asks IAM whether the caller may hand the role on.
    let unused = Unused { at_all: &["iam:PassRole"], ..Unused::default() };
    live(&["berth_pod_identity"], &steps, &imports, &unused);
}

#[test]
#[ignore = "needs the sandbox"]
fn records_call_what_the_table_says() {
    let (zone, id) = (sandbox::value("SANDBOX_ZONE_NAME"), sandbox::value("SANDBOX_ZONE_ID"));
    let label = unique("permitted");
    let record = |address: &str| {
        format!(
            "data \"berth_hosted_zone\" \"x\" {{ name = \"{zone}\" }}\n\
             resource \"berth_dns_record\" \"by_name\" {{\n zone = \"{zone}\"\n name = \"{label}.{zone}\"\n type = \"A\"\n values = [\"{address}\"]\n}}\n\
             resource \"berth_dns_record\" \"by_id\" {{\n zone_id = data.berth_hosted_zone.x.zone_id\n name = \"{label}-id\"\n type = \"A\"\n values = [\"{address}\"]\n}}\n"
        )
    };
    let imports = [("berth_dns_record.by_id", format!("{id}/{label}-id.{zone}/A"))];
    let types = ["berth_dns_record", "data.berth_hosted_zone"];
    live(&types, &[record("192.0.2.1"), record("192.0.2.2")], &imports, &Unused::default());
}

#[test]
#[ignore = "needs the sandbox"]
fn challenges_call_what_the_table_says() {
    let (zone, id, label) =
        (sandbox::value("SANDBOX_ZONE_NAME"), sandbox::value("SANDBOX_ZONE_ID"), unique("permitted"));
    let record = |value: &str, zone_id: &str| {
        let value = value.repeat(43);
        format!(
            "resource \"berth_dns01_record\" \"x\" {{\n domain = \"{label}.{zone}\"\n value = \"{value}\"\n{zone_id}}}\n"
        )
    };
    let steps = [record("a", ""), record("b", ""), record("b", &format!(" zone_id = \"{id}\"\n"))];
    // A zone is asked for by its id only where listing the zones is not allowed, and found once.
    let unused = Unused { at_all: &["route53:GetHostedZone"], at_plan: &["route53:ListHostedZones"] };
    live(&["berth_dns01_record"], &steps, &[], &unused);
}

#[test]
#[ignore = "needs the sandbox"]
fn certificates_call_what_the_table_says() {
    let (directory, ca_file) = (sandbox::value("SANDBOX_ACME_DIRECTORY"), sandbox::value("SANDBOX_ACME_CA_FILE"));
    let (zone, label) = (sandbox::value("SANDBOX_ZONE_NAME"), unique("permitted"));
    let namespace = Namespace::new("permitted");
    let certificate = |names: &str| {
        format!(
            r#"
provider "berth" {{
  acme = {{ directory_url = "{directory}", ca_file = "{ca_file}" }}
}}
resource "berth_acme_account" "x" {{
  terms_of_service_agreed = true
  account_key = {{
    generate          = true
    kubernetes_secret = {{ namespace = "{0}", name = "account" }}
  }}
}}
resource "berth_acme_certificate" "x" {{
  account_key       = {{ kubernetes_secret = berth_acme_account.x.account_key.kubernetes_secret }}
  dns_names         = [{names}]
  kubernetes_secret = {{ namespace = "{0}", name = "tls" }}
}}
"#,
            namespace.0
        )
    };
    let one = certificate(&format!("\"{label}.{zone}\""));
    let two = certificate(&format!("\"{label}.{zone}\", \"*.{label}.{zone}\""));
    // A zone is asked for by its id only where listing the zones is not allowed.
    let unused = Unused { at_all: &["route53:GetHostedZone"], ..Unused::default() };
    live(&["berth_acme_account", "berth_acme_certificate"], &[one, two], &[], &unused);
}
