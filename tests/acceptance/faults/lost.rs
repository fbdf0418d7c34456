//! Calls that took effect although their answer was lost: the next attempt meets its own work.

use crate::aws::{PROVIDER, unique};
use crate::fault_proxy::Faults;
use crate::sandbox;
use crate::workspace::Workspace;

/// Loses the answer to the first call of each of these.
fn losing(calls: &[&str]) -> (Faults, usize) {
    let once: Vec<_> = calls.iter().map(|call| format!("{call}:lose")).collect();
    let arguments: Vec<_> = once.iter().flat_map(|once| ["--once", once.as_str()]).collect();
    (Faults::before_aws(&arguments), calls.len())
}

/// Route53's only call that changes records.
const CHANGE: &str = "POST /2013-04-01/hostedzone";

fn records(label: &str, records: &[(&str, &str, &str)]) -> String {
    let zone = sandbox::value("SANDBOX_ZONE_ID");
    let record = |(name, kind, value): &(&str, &str, &str)| {
        format!(
            "resource \"berth_dns_record\" \"{name}\" {{\n zone_id = \"{zone}\"\n name = \"{name}.{label}\"\n type = \"{kind}\"\n \
             values = [\"{value}\"]\n wait = \"authoritative\"\n}}\n"
        )
    };
    PROVIDER.to_owned() + &records.iter().map(record).collect::<String>()
}

#[test]
#[ignore = "needs the sandbox"]
fn records_made_by_a_call_without_answer_are_ours() {
    let (faults, lost) = losing(&[CHANGE]);
    let label = unique("lost");
    let wanted = [("a", "A", "192.0.2.1"), ("b", "A", "192.0.2.2"), ("c", "TXT", "words"), ("d", "A", "192.0.2.4")];
    let workspace = Workspace::new(&records(&label, &wanted)).env("AWS_ENDPOINT_URL", faults.url());
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(faults.counts().get("lose"), Some(&lost));
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn records_swapped_and_removed_by_a_call_without_answer_are_done() {
    let label = unique("swapped");
    let before = [("a", "A", "192.0.2.1"), ("b", "A", "192.0.2.2"), ("c", "TXT", "words")];
    let workspace = Workspace::new(&records(&label, &before));
    workspace.apply().succeeds();

    let (faults, lost) = losing(&[CHANGE]);
    let workspace = workspace.env("AWS_ENDPOINT_URL", faults.url());
    workspace.configure(&records(&label, &[("a", "CNAME", "target.example"), ("c", "TXT", "others")]));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(faults.counts().get("lose"), Some(&lost));

    let (faults, lost) = losing(&[CHANGE, CHANGE]);
    let workspace = workspace.env("AWS_ENDPOINT_URL", faults.url());
    workspace.destroy().succeeds();
    assert_eq!(faults.counts().get("lose"), Some(&lost));
}

fn identity(name: &str, action: &str, thumbprint: &str, tag: &str) -> String {
    format!(
        "{PROVIDER}resource \"berth_oidc_provider\" \"x\" {{\n url = \"https://{name}.example/id/A\"\n \
         thumbprints = [\"{thumbprint}\"]\n tags = {{ tag = \"{tag}\" }}\n}}\n\
         resource \"berth_irsa_role\" \"x\" {{\n name = \"{name}\"\n oidc_provider_arn = berth_oidc_provider.x.arn\n \
         service_accounts = [{{ namespace = \"apps\", name = \"web\" }}]\n policy_kind = \"managed\"\n tags = {{ tag = \"{tag}\" }}\n \
         statements = [{{ actions = [\"{action}\"], resources = [\"*\"] }}]\n}}\n",
        thumbprint = thumbprint.repeat(40),
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn identities_made_changed_and_removed_by_calls_without_answer_are_ours() {
    let name = unique("lost");
    let workspace = Workspace::new(&identity(&name, "s3:GetObject", "a", "a"));
    let making = ["CreateRole", "CreateOpenIDConnectProvider", "CreatePolicy", "AttachRolePolicy"];
    let changing =
        ["CreatePolicyVersion", "UpdateOpenIDConnectProviderThumbprint", "TagOpenIDConnectProvider", "TagRole"];
    let removing = ["DetachRolePolicy", "DeletePolicy", "DeleteRole", "DeleteOpenIDConnectProvider"];

    let (faults, lost) = losing(&making);
    let workspace = workspace.env("AWS_ENDPOINT_URL", faults.url());
    workspace.apply().succeeds();
    assert_eq!(faults.counts().get("lose"), Some(&lost), "{:?}", faults.log());
    workspace.plan().changes_nothing();

    let (faults, lost) = losing(&changing);
    let workspace = workspace.env("AWS_ENDPOINT_URL", faults.url());
    workspace.configure(&identity(&name, "s3:PutObject", "b", "b"));
    workspace.apply().succeeds();
    assert_eq!(faults.counts().get("lose"), Some(&lost), "{:?}", faults.log());
    workspace.plan().changes_nothing();

    let (faults, lost) = losing(&removing);
    let workspace = workspace.env("AWS_ENDPOINT_URL", faults.url());
    workspace.destroy().succeeds();
    assert_eq!(faults.counts().get("lose"), Some(&lost), "{:?}", faults.log());
}

#[test]
#[ignore = "needs the sandbox"]
fn what_somebody_else_made_is_not_taken_over_after_a_lost_answer() {
    let name = unique("theirs");
    let theirs = Workspace::new(&identity(&name, "s3:GetObject", "a", "theirs"));
    theirs.apply().succeeds();
    // The first attempts never arrive: what exists cannot be their work.
    let faults = Faults::before_aws(&["--once", "CreateRole:drop", "--once", "CreateOpenIDConnectProvider:drop"]);
    let ours = Workspace::new(&identity(&name, "s3:GetObject", "a", "ours")).env("AWS_ENDPOINT_URL", faults.url());
    let errors = ours.apply().fails();
    assert!(errors.contains("BERTH-AWS-005") && errors.contains("import"), "{errors}");
    assert!(faults.counts().contains_key("drop"));
    theirs.plan().changes_nothing();
    theirs.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn credentials_of_an_assumed_role_are_asked_for_again() {
    let faults = Faults::before_aws(&[
        "--once",
        "AssumeRole:drop",
        "--once",
        "AssumeRole:fail",
        "--once",
        "AssumeRole:throttle",
    ]);
    let provider =
        "provider \"berth\" {\n aws = { assume_role = { role_arn = \"arn:aws:iam::123456789012:role/berth\" } }\n}\n";
    let zone = "data \"berth_hosted_zone\" \"x\" { name = \"sandbox.test\" }\n";
    let workspace = Workspace::new(&format!("{provider}{zone}")).env("AWS_ENDPOINT_URL", faults.url());
    workspace.apply().succeeds();
    assert_eq!(faults.log().len(), 3, "{:?}", faults.log());
}
