//! Roles, their policies and issuers: what the remote takes is taken, and what can be known is known at plan.

use berth::domain::irsa::same_policy;
use serde_json::{Value, json};

use crate::aws::{Account, PROVIDER, unique};
use crate::workspace::{Cli, Workspace};

const ARN: &str = "arn:aws:iam::123456789012";

/// What a kept plan does to a resource.
pub fn planned(workspace: &Workspace, address: &str) -> Value {
    let shown = workspace.run(&["show", "-json", "saved.plan"]).succeeds();
    let plan: Value = serde_json::from_str(&shown.stdout).unwrap();
    let changes = plan["resource_changes"].as_array().unwrap();
    changes.iter().find(|change| change["address"] == address).unwrap()["change"].clone()
}

fn role(name: &str, more: &str) -> String {
    format!(
        "resource \"berth_irsa_role\" \"x\" {{\n name = \"{name}\"\n \
         service_accounts = [{{ namespace = \"apps\", name = \"web\" }}]\n{more}\n}}\n"
    )
}

/// The map as people keep it, one role for each of its entries.
fn story(prefix: &str) -> String {
    format!(
        r#"{PROVIDER}
locals {{
  cluster_oidc_issuer_url = "https://oidc.eks.eu-central-1.amazonaws.com/id/{prefix}"
  roles = {{
    "cert-manager" = {{
      "namespace"      = "cert-manager"
      "serviceaccount" = "cert-manager"
      "description"    = "Lets cert-manager answer DNS-01 challenges"
      "policy" = [
        {{ "effect" : "Allow", "actions" : ["route53:GetChange"], "resources" : ["arn:aws:route53:::change/*"] }},
        {{ "effect" : "Allow", "actions" : ["route53:ListHostedZonesByName"], "resources" : ["*"] }},
        {{ "effect" : "Allow", "actions" : ["route53:ChangeResourceRecordSets"], "resources" : ["arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ"] }}
      ]
    }}
    "external-dns-private" = {{
      "namespace"      = "external-dns"
      "serviceaccount" = "external-dns-private"
      "description"    = "Records of the private zone"
      "policy" = [
        {{ "actions" : ["route53:ChangeResourceRecordSets"], "resources" : ["arn:aws:route53:::hostedzone/*"] }},
        {{ "actions" : ["route53:ListHostedZones", "route53:ListResourceRecordSets"], "resources" : ["*"] }}
      ]
    }}
    "external-dns-central" = {{
      "namespace"      = "external-dns"
      "serviceaccount" = "external-dns-central"
      "description"    = "Records of the central account"
      "policy" = [
        {{ "actions" : ["sts:AssumeRole"], "resources" : ["arn:aws:iam::210987654321:role/central-dns"] }}
      ]
    }}
    "ecr-reader" = {{
      "namespace"      = "apps"
      "serviceaccount" = "default"
      "description"    = "Pulls images"
      "policy" = [
        {{
          "actions" : ["ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
          "resources" : ["arn:aws:ecr:*"]
        }}
      ]
    }}
    "registry" = {{
      "namespace"      = "registry"
      "serviceaccount" = "registry"
      "description"    = "The registry's bucket"
      "policy" = [
        {{ "actions" : ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"], "resources" : ["arn:aws:s3:::images"] }},
        {{ "actions" : ["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"], "resources" : ["arn:aws:s3:::images/*"] }}
      ]
    }}
  }}
}}
resource "berth_irsa_role" "this" {{
  for_each         = local.roles
  name             = "{prefix}-${{each.key}}"
  description      = each.value.description
  oidc_issuer_url  = local.cluster_oidc_issuer_url
  service_accounts = [{{ namespace = each.value.namespace, name = each.value.serviceaccount }}]
  statements       = each.value.policy
}}
output "annotations" {{
  value = {{ for key, role in berth_irsa_role.this : key => role.annotations }}
}}
"#
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn the_roles_map_of_the_story_runs_to_the_letter() {
    for cli in Cli::all() {
        let prefix = unique("story");
        let workspace = Workspace::on(&cli, &story(&prefix));
        workspace.plan().changes_something();
        let arn = format!("{ARN}:role/{prefix}-ecr-reader");
        let change = planned(&workspace, "berth_irsa_role.this[\"ecr-reader\"]");
        assert_eq!(change["after"]["arn"], json!(arn), "known before it is made");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let live = Account::open().role(&format!("{prefix}-ecr-reader")).unwrap();
        assert!(live.inline_policies["berth"].contains("\"Resource\":\"arn:aws:ecr:*\""), "sent as it was written");
        assert!(live.trust_policy.contains("system:serviceaccount:apps:default"), "{}", live.trust_policy);
        let output = workspace.state()["outputs"]["annotations"]["value"]["ecr-reader"].clone();
        assert_eq!(output, json!({ "eks.amazonaws.com/role-arn": arn }));
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_plan_says_of_a_role_what_can_be_known() {
    for cli in Cli::all() {
        let (name, host) = (unique("known"), format!("{}.example/id/A", unique("oidc")));
        let more = format!(
            " oidc_issuer_url = \"https://{host}\"\n path = \"/team/\"\n policy_kind = \"managed\"\n \
             statements = [{{ actions = [\"s3:GetObject\"], resources = [\"*\"] }}]"
        );
        let configuration = format!("{PROVIDER}{}", role(&name, &more));
        let workspace = Workspace::on(&cli, &configuration);
        workspace.plan().changes_something();
        let change = planned(&workspace, "berth_irsa_role.x");
        let arn = format!("{ARN}:role/team/{name}");
        assert_eq!(change["after"]["arn"], json!(arn));
        assert_eq!(change["after"]["annotations"], json!({ "eks.amazonaws.com/role-arn": arn }));
        assert_eq!(change["after"]["policy_arns"], json!([format!("{ARN}:policy/team/{name}")]));
        let trust = change["after"]["assume_role_policy"].as_str().unwrap().to_owned();
        assert!(trust.contains(&format!("{ARN}:oidc-provider/{host}")), "{trust}");
        assert_eq!(change["after_unknown"]["policy_json"], json!(true), "`statements` says it already");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let stored = workspace.attributes("berth_irsa_role.x");
        assert_eq!((&stored["arn"], stored["assume_role_policy"].as_str().unwrap()), (&json!(arn), trust.as_str()));

        // Nothing is asked with `offline`, and nothing is guessed then.
        workspace.destroy().succeeds();
        workspace
            .configure(&configuration.replace("provider \"berth\" {\n", "provider \"berth\" {\n  offline = true\n"));
        workspace.plan().changes_something();
        let unknown = planned(&workspace, "berth_irsa_role.x")["after_unknown"].clone();
        assert_eq!((&unknown["arn"], &unknown["assume_role_policy"]), (&json!(true), &json!(true)));
        workspace.apply_plan().succeeds();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_policy_appears_once_in_a_plan() {
    let name = unique("once");
    let of = |action: &str| {
        let more = format!(
            " oidc_provider_arn = \"{ARN}:oidc-provider/oidc.example\"\n \
             statements = [{{ actions = [\"{action}\"], resources = [\"arn:aws:s3:::only-once\"] }}]"
        );
        format!("{PROVIDER}{}", role(&name, &more))
    };
    let workspace = Workspace::new(&of("s3:GetObject"));
    for action in ["s3:GetObject", "s3:PutObject"] {
        workspace.configure(&of(action));
        workspace.plan().changes_something();
        let shown = workspace.run(&["show", "-no-color", "saved.plan"]).succeeds().stdout;
        assert_eq!(shown.matches(action).count(), 1, "{shown}");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
    }
    let stored = workspace.attributes("berth_irsa_role.x")["policy_json"].as_str().unwrap().to_owned();
    assert!(same_policy(&stored, &Account::open().role(&name).unwrap().inline_policies["berth"]));
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn an_issuer_without_a_provider_is_told_by_the_plan() {
    let (name, host) = (unique("issuer"), format!("{}.example/id/A", unique("oidc")));
    let by_url = role(&name, &format!(" oidc_issuer_url = \"https://{host}\""));
    let workspace = Workspace::new(&format!("{PROVIDER}{by_url}"));
    let told = workspace.plan().changes_something().warnings();
    assert!(told.iter().any(|told| told.contains(&host) && told.contains("BERTH-AWS-037")), "{told:?}");
    let by_arn = role(&name, &format!(" oidc_provider_arn = \"{ARN}:oidc-provider/{host}\""));
    workspace.configure(&format!("{PROVIDER}{by_arn}"));
    assert_eq!(workspace.plan().warnings(), Vec::<String>::new(), "an ARN is not looked for");

    let provider = format!(
        "resource \"berth_oidc_provider\" \"x\" {{\n url = \"https://{host}\"\n thumbprints = [\"{}\"]\n}}\n",
        "a".repeat(40)
    );
    let by_url = role(&name, " oidc_issuer_url = berth_oidc_provider.x.url");
    workspace.configure(&format!("{PROVIDER}{provider}{by_url}"));
    assert_eq!(workspace.plan().changes_something().warnings(), Vec::<String>::new(), "the same run makes it");
    workspace.apply_plan().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn the_slash_at_the_end_of_an_issuer_belongs_to_its_name() {
    for cli in Cli::all() {
        let (name, host) = (unique("slash"), format!("{}.example", unique("tenant")));
        let configuration = format!(
            r#"{PROVIDER}
resource "berth_oidc_provider" "with" {{
  url         = "https://{host}/"
  thumbprints = ["{}"]
}}
resource "berth_oidc_provider" "without" {{
  url         = "https://{host}"
  thumbprints = ["{}"]
}}
{}
output "by_url" {{ value = jsondecode(berth_irsa_role.x.assume_role_policy).Statement[0].Principal.Federated == berth_oidc_provider.with.arn }}
output "keys" {{ value = keys(jsondecode(berth_irsa_role.x.assume_role_policy).Statement[0].Condition.StringEquals)[0] }}
output "host" {{ value = provider::berth::oidc_host(berth_oidc_provider.with.arn) }}
"#,
            "A".repeat(40),
            "a".repeat(40),
            role(&name, " oidc_issuer_url = berth_oidc_provider.with.url"),
        );
        let workspace = Workspace::on(&cli, &configuration);
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let outputs = workspace.state()["outputs"].clone();
        assert_eq!(outputs["by_url"]["value"], json!(true));
        assert_eq!(outputs["keys"]["value"], json!(format!("{host}/:aud")));
        assert_eq!(outputs["host"]["value"], json!(format!("{host}/")));
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn conditions_that_must_both_hold_are_refused_or_joined() {
    let name = unique("twice");
    let of = |test: &str, key: &str| {
        let more = format!(
            " oidc_provider_arn = \"{ARN}:oidc-provider/oidc.example\"\n statements = [{{\n  effect = \"Deny\"\n  \
             actions = [\"s3:ListBucket\"]\n  not_resources = [\"arn:aws:s3:::b\"]\n  conditions = [\n   \
             {{ test = \"{test}\", variable = \"s3:prefix\", values = [\"team-a/*\"] }},\n   \
             {{ test = \"{test}\", variable = \"{key}\", values = [\"*/public\"] }},\n  ]\n }}]"
        );
        format!("{PROVIDER}{}", role(&name, &more))
    };
    let errors = Workspace::new(&of("StringLike", "s3:prefix")).plan().fails();
    assert!(errors.contains("statements[0].conditions[1]") && errors.contains("StringLike"), "{errors}");
    let workspace = Workspace::new(&of("StringNotLike", "S3:Prefix"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let live = Account::open().role(&name).unwrap().inline_policies["berth"].clone();
    assert!(live.contains("\"s3:prefix\":[\"*/public\",\"team-a/*\"]") && live.contains("NotResource"), "{live}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn an_empty_boundary_is_none() {
    let name = unique("bound");
    let of = |boundary: &str| {
        let more = format!(
            " oidc_provider_arn = \"{ARN}:oidc-provider/oidc.example\"\n permissions_boundary = \"{boundary}\""
        );
        format!("{PROVIDER}{}", role(&name, &more))
    };
    let workspace = Workspace::new(&of(""));
    for boundary in ["", "arn:aws:iam::aws:policy/ReadOnlyAccess", ""] {
        workspace.configure(&of(boundary));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let live = Account::open().role(&name).unwrap().permissions_boundary.unwrap_or_default();
        assert_eq!(live, boundary);
    }
    workspace.destroy().succeeds();
}
