//! The other types that speak to a cluster.

use super::{Life, PASSWORD, VARIABLE, table};
use crate::aws::unique;
use crate::kubectl::{Namespace, apply, kubectl_ok};
use crate::runner::{Asked, Runner};
use crate::sandbox::value;
use crate::workspace::Workspace;

fn pull_secret(places: &str, version: u32, accounts: &str) -> String {
    format!(
        "{VARIABLE}resource \"berth_pull_secret\" \"x\" {{\n name = \"pull\"\n {places}\n service_accounts = [{accounts}]\n \
         registries = {{ \"registry.example\" = {{ username = \"ann\", password_wo = var.password, password_wo_version = \
         {version} }} }}\n}}\n"
    )
}

const LATE: [(&str, &str, &str); 1] = [("get", "namespaces", "an account is not there yet")];

#[test]
#[ignore = "needs the sandbox"]
fn pull_secrets_ask_what_the_table_says() {
    let (one, two) = (Namespace::new("narrow"), Namespace::new("narrow"));
    for namespace in [&one, &two] {
        kubectl_ok(&["-n", &namespace.0, "wait", "--for=create", "serviceaccount/default", "--timeout=30s"]);
        kubectl_ok(&["-n", &namespace.0, "create", "serviceaccount", "builder"]);
        kubectl_ok(&["label", "namespace", &namespace.0, &format!("narrow={}", one.0)]);
    }
    let both = format!("namespaces = [\"{}\", \"{}\"]", one.0, two.0);
    let first = format!("namespaces = [\"{}\"]", one.0);
    let found = format!("namespace_selector = {{ narrow = \"{}\" }}", one.0);
    let named = [
        pull_secret(&both, 1, "\"default\""),
        pull_secret(&both, 2, "\"builder\""),
        pull_secret(&first, 2, "\"builder\""),
    ];
    let selected = [pull_secret(&found, 1, "\"default\"")];
    for (attributes, steps) in [(&[][..], &named[..]), (&["namespace_selector"][..], &selected[..])] {
        Life {
            types: &["berth_pull_secret"],
            attributes,
            namespaces: &[&one.0, &two.0],
            steps,
            imports: &[("berth_pull_secret.x", format!("{}/pull", one.0))],
            rarely: &LATE,
            rarely_at_plan: &[("get", "namespaces")],
        }
        .is_lived();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn an_account_that_comes_late_is_waited_for_under_narrow_rights() {
    let namespace = Namespace::new("narrow");
    let runner = Runner::new().may(&table(&["berth_pull_secret"], &[], false), &[&namespace.0], false);
    let configuration = pull_secret(&format!("namespaces = [\"{}\"]", namespace.0), 1, "\"late\"");
    let workspace = runner.in_workspace(Workspace::new(&configuration).secret("password", PASSWORD));
    let apply = workspace.start_apply();
    apply.wait_for_log("waiting for a service account");
    kubectl_ok(&["-n", &namespace.0, "create", "serviceaccount", "late"]);
    apply.finish().succeeds();
    workspace.destroy().succeeds();
    let asked = runner.asked();
    let looked = |asked: &&Asked| (asked.verb.as_str(), asked.resource.as_str()) == ("get", "namespaces");
    assert!(asked.iter().any(|asked| looked(&asked)) && asked.iter().all(|asked| asked.was_allowed), "{asked:?}");
}

#[test]
#[ignore = "needs the sandbox"]
fn accounts_and_certificates_ask_what_the_table_says() {
    let (directory, ca_file) = (value("SANDBOX_ACME_DIRECTORY"), value("SANDBOX_ACME_CA_FILE"));
    let (zone, label) = (value("SANDBOX_ZONE_NAME"), unique("narrow"));
    let namespace = Namespace::new("narrow");
    let step = |generation: u32, names: &str, secret: &str| {
        format!(
            r#"
provider "berth" {{
  acme = {{ directory_url = "{directory}", issuance_limits = {{ per_names = 5, per_domain = 50 }}, ca_file = "{ca_file}" }}
}}
{VARIABLE}
resource "berth_acme_account" "x" {{
  terms_of_service_agreed = true
  deactivate_on_destroy   = true
  key_generation          = {generation}
  account_key = {{
    generate          = true
    kubernetes_secret = {{ namespace = "{0}", name = "account" }}
  }}
}}
resource "berth_acme_certificate" "x" {{
  account_key       = {{ kubernetes_secret = berth_acme_account.x.account_key.kubernetes_secret }}
  account_url       = berth_acme_account.x.account_url
  dns_names         = [{names}]
  kubernetes_secret = {{ namespace = "{0}", name = "{secret}" }}
}}
"#,
            namespace.0
        )
    };
    let one = format!("\"{label}.{zone}\"");
    let steps = [
        step(1, &one, "tls"),
        step(2, &format!("{one}, \"more.{label}.{zone}\""), "tls"),
        step(2, &format!("{one}, \"more.{label}.{zone}\""), "other"),
    ];
    Life {
        types: &["berth_acme_account", "berth_acme_certificate"],
        attributes: &[],
        namespaces: &[&namespace.0],
        steps: &steps,
        imports: &[("berth_acme_certificate.x", format!("{}/other", namespace.0))],
        rarely: &[],
        rarely_at_plan: &[("get", "configmaps"), ("get", "namespaces")],
    }
    .is_lived();
}

#[test]
#[ignore = "needs the sandbox"]
fn roles_that_annotate_accounts_ask_what_the_table_says() {
    let (namespace, name) = (Namespace::new("narrow"), unique("narrow"));
    for account in ["one", "two"] {
        kubectl_ok(&["-n", &namespace.0, "create", "serviceaccount", account]);
    }
    let role = |account: &str| {
        format!(
            "{VARIABLE}resource \"berth_irsa_role\" \"x\" {{\n name = \"{name}\"\n \
             oidc_provider_arn = \"arn:aws:iam::123456789012:oidc-provider/oidc.example/id/A\"\n \
             service_accounts = [{{ namespace = \"{}\", name = \"{account}\" }}]\n annotate_service_accounts = true\n}}\n",
            namespace.0
        )
    };
    Life {
        types: &["berth_irsa_role"],
        attributes: &["annotate_service_accounts"],
        namespaces: &[&namespace.0],
        steps: &[role("one"), role("two")],
        imports: &[("berth_irsa_role.x", name.clone())],
        rarely: &[],
        rarely_at_plan: &[],
    }
    .is_lived();
}

#[test]
#[ignore = "needs the sandbox"]
fn checks_ask_what_the_table_says() {
    let namespace = Namespace::new("narrow");
    let (registry, check) = crate::registry_check::served(&namespace.0, 6458);
    let beside = Workspace::new(&registry).secret("password", PASSWORD);
    beside.apply().succeeds();
    let check = format!("{VARIABLE}resource \"berth_registry_check\" \"x\" {{\n {check}\n}}\n");
    Life {
        types: &["berth_registry_check"],
        attributes: &["in_cluster"],
        namespaces: &[&namespace.0],
        steps: &[check],
        imports: &[],
        rarely: &LATE,
        rarely_at_plan: &[("get", "namespaces"), ("get", "serviceaccounts")],
    }
    .is_lived();
    beside.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with ingress"]
fn addresses_ask_what_the_table_says() {
    let namespace = Namespace::new("narrow");
    kubectl_ok(&["-n", &namespace.0, "create", "service", "loadbalancer", "web", "--tcp=80"]);
    kubectl_ok(&["-n", &namespace.0, "create", "ingress", "web", "--class=nobody", "--rule=web.example/*=web:80"]);
    let point = "{\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"192.0.2.1\"}]}}}";
    for kind in ["service", "ingress"] {
        let patch = ["patch", kind, "web", "--subresource=status", "--type=merge", "-p", point];
        kubectl_ok(&[&["-n", &namespace.0], &patch[..]].concat());
    }
    let spec = "{gatewayClassName: nobody, listeners: [{name: web, protocol: HTTP, port: 80}]}";
    let metadata = format!("{{name: web, namespace: {}}}", namespace.0);
    apply(&format!("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {metadata}\nspec: {spec}\n"));
    let address = r#"{"status":{"addresses":[{"type":"IPAddress","value":"192.0.2.1"}]}}"#;
    kubectl_ok(&["-n", &namespace.0, "patch", "gateway", "web", "--subresource=status", "--type=merge", "-p", address]);
    let reads = ["Gateway", "Ingress", "Service"].map(|kind| {
        [true, false].map(|wait| {
            format!(
                "data \"berth_ingress_address\" \"{kind}-{wait}\" {{\n namespace = \"{}\"\n name = \"web\"\n kind = \
                 \"{kind}\"\n wait = {wait}\n}}\n",
                namespace.0
            )
        })
    });
    Life {
        types: &["data.berth_ingress_address"],
        attributes: &[],
        namespaces: &[&namespace.0],
        steps: &[format!("{VARIABLE}{}", reads.concat().concat())],
        imports: &[],
        rarely: &[],
        rarely_at_plan: &[],
    }
    .is_lived();
}
