//! Null members of maps are absent; null elements of lists and sets, and null objects, are refused where they stand.

use crate::kubectl::{Namespace, kubectl_ok, object};
use crate::workspace::{Cli, Workspace};

/// A member of each kind of map that is left out by a condition, as stacks with switches are written.
fn with_members_left_out(namespace: &str) -> String {
    format!(
        r#"
variable "wanted" {{
  type    = bool
  default = false
}}
provider "berth" {{
  aws        = {{ default_tags = {{ team = "harbour", cost = null }} }}
  registries = {{ "hub.sandbox.test" = var.wanted ? {{ username = "a", password = "b" }} : null }}
}}
data "berth_hosted_zone" "this" {{
  name = "sandbox.test"
}}
resource "berth_dns_records" "this" {{
  zone_id = data.berth_hosted_zone.this.zone_id
  records = {{
    kept = {{ name = "nulls-kept", type = "A", values = ["192.0.2.1"] }}
  }}
}}
resource "berth_irsa_role" "this" {{
  name              = "nulls"
  oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/nulls.sandbox.test"
  service_accounts  = [{{ namespace = "registry", name = "registry" }}]
  tags              = {{ reviewed = "", owner = null }}
}}
resource "berth_pull_secret" "this" {{
  name       = "nulls"
  namespaces = ["{namespace}"]
  registries = {{
    "hub.sandbox.test" = {{ username = "a", password_wo = "b", password_wo_version = 1 }}
  }}
}}
resource "berth_registry" "this" {{
  name            = "nulls"
  namespace       = "{namespace}"
  storage         = {{ ephemeral = {{}} }}
  headers         = {{ "X-Content-Type-Options" = "nosniff", "X-Frame-Options" = null }}
  node_selector   = {{ "kubernetes.io/os" = "linux", zone = null }}
  resources       = {{ limits = {{ memory = "128Mi", cpu = null }} }}
  service_account = {{ annotations = {{ "eks.amazonaws.com/role-arn" = var.wanted ? "arn:aws:iam::123456789012:role/x" : null }} }}
  wait            = false
}}
"#
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn a_member_of_a_map_that_is_null_is_left_out_and_may_come_later() {
    for cli in Cli::all() {
        let namespace = Namespace::new("nulls");
        let workspace = Workspace::on(&cli, &with_members_left_out(&namespace.0));
        workspace.plan().changes_something();
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let tags = workspace.attributes("berth_irsa_role.this")["tags_all"].clone();
        assert_eq!(tags, serde_json::json!({ "team": "harbour", "reviewed": "" }));
        let account = object(&namespace.0, "serviceaccount", "nulls").unwrap();
        assert!(account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].is_null(), "{account}");

        let workspace = workspace.env("TF_VAR_wanted", "true");
        workspace.plan().changes_something();
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let account = object(&namespace.0, "serviceaccount", "nulls").unwrap();
        assert_eq!(
            account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"],
            "arn:aws:iam::123456789012:role/x"
        );
        kubectl_ok(&["-n", &namespace.0, "get", "secret", "nulls"]);

        let workspace = workspace.env("TF_VAR_wanted", "false");
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn an_element_of_a_list_that_is_null_is_refused_where_it_stands() {
    let resources = [
        (
            "An element of `values`",
            r#"resource "berth_dns_record" "x" {
  zone   = "sandbox.test"
  name   = "x"
  type   = "A"
  values = ["192.0.2.1", null]
}"#,
        ),
        (
            "An element of `statements[0].actions`",
            r#"resource "berth_irsa_role" "x" {
  name              = "x"
  oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/x.sandbox.test"
  service_accounts  = [{ namespace = "a", name = "b" }]
  statements        = [{ actions = [null], resources = ["*"] }]
}"#,
        ),
        (
            "tolerations[0]",
            r#"resource "berth_registry" "x" {
  name        = "x"
  namespace   = "x"
  storage     = { ephemeral = {} }
  tolerations = [null]
}"#,
        ),
        (
            "An element of `namespaces`",
            r#"resource "berth_pull_secret" "x" {
  name       = "x"
  namespaces = ["a", null]
  registries = { "hub.sandbox.test" = { username = "a", password_wo = "b", password_wo_version = 1 } }
}"#,
        ),
        (
            "dns.resolvers[0]",
            r#"provider "berth" {
  dns = { resolvers = [null] }
}
data "berth_hosted_zone" "x" {
  name = "sandbox.test"
}"#,
        ),
    ];
    for (place, configuration) in resources {
        let told = Workspace::new(configuration).validate().fails();
        assert!(told.contains("BERTH-SDK-017") && told.contains(place), "{place}: {told}");
    }
}
