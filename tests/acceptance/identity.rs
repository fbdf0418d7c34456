//! Identities on the hosts that keep them: stored beside each state, and taken for an import.

use serde_json::{Value, json};

use crate::aws::{PROVIDER, unique};
use crate::kubectl::Namespace;
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

/// The identity that the state has of an object, without what is null.
fn identity(workspace: &Workspace, address: &str) -> Value {
    let stored = workspace.instance(address).unwrap_or_else(|| panic!("{address} is not in {}", workspace.state()));
    let mut identity = stored["identity"].clone();
    if let Some(members) = identity.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    identity
}

/// An import block. JSON is a value of the configuration language as well.
fn import(address: &str, identity: &Value) -> String {
    format!("import {{\n  to = {address}\n  identity = {identity}\n}}\n")
}

/// Applies the configuration, forgets the object and imports it by its identity.
fn forgotten_and_imported(cli: &Cli, configuration: &str, address: &str, expected: &Value) {
    let workspace = Workspace::on(cli, configuration);
    workspace.apply().succeeds();
    assert_eq!(&identity(&workspace, address), expected, "{address}");
    workspace.refresh().succeeds();
    assert_eq!(&identity(&workspace, address), expected, "{address}, refreshed");

    workspace.run(&["state", "rm", address]).succeeds();
    workspace.configure(&format!("{configuration}{}", import(address, expected)));
    workspace.apply().succeeds();
    assert_eq!(&identity(&workspace, address), expected, "{address}, imported");
    workspace.configure(configuration);
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn records_are_imported_by_their_identity() {
    let (zone, domain) = (value("SANDBOX_ZONE_ID"), value("SANDBOX_ZONE_NAME"));
    for cli in Cli::with_identities() {
        let name = format!("{}.{domain}", unique("identity"));
        let one = format!(
            "{PROVIDER}\nresource \"berth_dns_record\" \"x\" {{\n  zone_id = \"{zone}\"\n  name = \"{name}\"\n  type = \"TXT\"\n  ttl = 60\n  values = [\"x\"]\n}}\n"
        );
        let expected = json!({ "zone_id": zone, "name": name, "type": "TXT" });
        forgotten_and_imported(&cli, &one, "berth_dns_record.x", &expected);

        let many = format!(
            "{PROVIDER}\nresource \"berth_dns_records\" \"x\" {{\n  zone_id = \"{zone}\"\n  records = {{ a = {{ name = \"{name}\", type = \"TXT\", ttl = 60, values = [\"x\"] }} }}\n}}\n"
        );
        let expected = json!({ "zone_id": zone, "records": [format!("a={name}/TXT")] });
        forgotten_and_imported(&cli, &many, "berth_dns_records.x", &expected);

        let value = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
        let challenge = format!(
            "{PROVIDER}\nresource \"berth_dns01_record\" \"x\" {{\n  zone_id = \"{zone}\"\n  domain = \"{name}\"\n  value = \"{value}\"\n}}\n"
        );
        let expected = json!({ "zone_id": zone, "domain": name, "value": value });
        forgotten_and_imported(&cli, &challenge, "berth_dns01_record.x", &expected);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn roles_and_providers_are_imported_by_their_identity() {
    for cli in Cli::with_identities() {
        let name = unique("identity");
        let host = format!("{name}.example.com");
        let provider = format!(
            "{PROVIDER}\nresource \"berth_oidc_provider\" \"x\" {{\n  url = \"https://{host}\"\n  thumbprints = [\"9e99a48a9960b14926bb7f3b02e22da2b0ab7280\"]\n}}\n"
        );
        let arn = format!("arn:aws:iam::123456789012:oidc-provider/{host}");
        forgotten_and_imported(&cli, &provider, "berth_oidc_provider.x", &json!({ "arn": arn }));

        let role = format!(
            "{PROVIDER}\nresource \"berth_irsa_role\" \"x\" {{\n  name = \"{name}\"\n  oidc_provider_arn = \"{arn}\"\n  service_accounts = [{{ namespace = \"a\", name = \"b\" }}]\n}}\n"
        );
        forgotten_and_imported(&cli, &role, "berth_irsa_role.x", &json!({ "name": name }));
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_in_the_cluster_is_imported_by_its_identity() {
    for cli in Cli::with_identities() {
        let namespace = Namespace::new("identity");
        let secret = format!(
            "resource \"berth_pull_secret\" \"x\" {{\n  name = \"pull\"\n  namespaces = [\"{0}\"]\n  service_accounts = []\n  registries = {{ \
             \"r.test\" = {{ username = \"ann\", password_wo = \"correct horse\", password_wo_version = 1 }} }}\n}}\n",
            namespace.0
        );
        let expected = json!({ "namespace": namespace.0, "name": "pull" });
        forgotten_and_imported(&cli, &secret, "berth_pull_secret.x", &expected);

        let registry = format!(
            "resource \"berth_registry\" \"x\" {{\n  name = \"registry\"\n  namespace = \"{0}\"\n  storage = {{ ephemeral = {{}} }}\n  users = {{ ann = {{ password_wo = \"correct \
             horse\", password_wo_version = 1 }} }}\n}}\n",
            namespace.0
        );
        let expected = json!({ "namespace": namespace.0, "name": "registry" });
        forgotten_and_imported(&cli, &registry, "berth_registry.x", &expected);
    }
}
