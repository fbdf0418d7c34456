//! `terraform query`: what stands is listed, and what is generated of a listing is imported and plans without a change.

use std::fs;
use std::path::Path;

use berth::domain::permissions::Scope;

use crate::aws::identity::pods::{association, trusting};
use crate::aws::{PROVIDER, unique};
use crate::kubectl::{Namespace, kubectl_ok};
use crate::permissions::{Recorder, compare, table};
use crate::registry_check::certificate;
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

/// A listing with the objects. The file of queries sees the provider block of the configuration.
fn query(list: &str, config: &str) -> String {
    format!(
        "{list}\"x\" {{\n  provider         = berth\n  include_resource = true\n  config {{\n    {config}\n  }}\n}}\n"
    )
}

/// The display names that a query lists, and its messages.
fn listed(workspace: &Workspace, list: &str, config: &str) -> Vec<String> {
    workspace.write("x.tfquery.hcl", &query(list, config));
    let run = workspace.run(&["query", "-json"]).succeeds();
    let lines = run.stdout.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let found = lines.filter(|line| line["type"] == "list_resource_found");
    found.map(|line| line["list_resource_found"]["display_name"].as_str().unwrap().to_owned()).collect()
}

/// Applies, forgets, lists with `config`, and takes up again what Terraform generates of the listing. `missing` puts into
/// it what no remote tells.
fn generated(configuration: &str, list: &str, config: &str, missing: impl Fn(&str) -> String) {
    let address = format!("{}.x", list.split('"').nth(1).unwrap());
    let workspace = Workspace::on(&Cli::with_actions(), configuration);
    workspace.apply().succeeds();
    workspace.write("x.tfquery.hcl", &query(list, config));
    workspace.run(&["query", "-generate-config-out=generated.tf"]).succeeds();
    let given = fs::read_to_string(workspace.path("generated.tf")).unwrap();
    let text = missing(&given);
    fs::remove_file(workspace.path("generated.tf")).unwrap();
    fs::remove_file(workspace.path("x.tfquery.hcl")).unwrap();
    workspace.run(&["state", "rm", &address]).succeeds();

    let (start, _) = configuration.split_once("resource ").unwrap();
    workspace.configure(&format!("{start}\n{text}"));
    let planned = workspace.plan().changes();
    let may = if text == given { "import" } else { "update" };
    assert!(planned.iter().all(|(_, action)| action == may), "{planned:?}\n{text}");
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

fn as_it_is(text: &str) -> String {
    text.to_owned()
}

#[test]
#[ignore = "needs the sandbox"]
fn records_are_listed_by_zone_name_and_type() {
    let (zone, domain) = (value("SANDBOX_ZONE_ID"), value("SANDBOX_ZONE_NAME"));
    let below = format!("{}.{domain}", unique("listed"));
    let record = |name: &str, kind: &str, value: &str| {
        format!(
            "resource \"berth_dns_record\" \"{name}-{kind}\" {{\n  zone_id = \"{zone}\"\n  name = \"{name}.{below}\"\n  type = \"{kind}\"\n  ttl = 60\n  values = [\"{value}\"]\n}}\n"
        )
    };
    let both = record("a", "A", "10.0.0.1") + &record("a", "TXT", "x") + &record("b", "A", "10.0.0.2");
    let workspace = Workspace::on(&Cli::with_actions(), &format!("{PROVIDER}\n{both}"));
    workspace.apply().succeeds();
    let all = listed(&workspace, "list \"berth_dns_record\" ", &format!("zone = \"{domain}\"\nwithin = \"{below}\""));
    assert_eq!(all, [format!("a.{below} A"), format!("a.{below} TXT"), format!("b.{below} A")]);
    let some = format!("zone_id = \"{zone}\"\nwithin = \"b.{below}\"\ntypes = [\"A\"]");
    assert_eq!(listed(&workspace, "list \"berth_dns_record\" ", &some), [format!("b.{below} A")]);
    let types = format!("zone_id = \"{zone}\"\ntypes = [\"SOA\"]");
    assert!(listed(&workspace, "list \"berth_dns_record\" ", &types).is_empty(), "the zone's own");
    workspace.write("x.tfquery.hcl", &query("list \"berth_dns_record\" ", ""));
    let told = workspace.run(&["query", "-no-color"]);
    assert!(!told.is_success() && told.stderr.contains("BERTH-ROUTE53-037"), "{told}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_generated_of_a_listing_plans_without_a_change_in_aws() {
    let (zone, domain) = (value("SANDBOX_ZONE_ID"), value("SANDBOX_ZONE_NAME"));
    let name = unique("listed");
    let record = format!(
        "{PROVIDER}\nresource \"berth_dns_record\" \"x\" {{\n  zone_id = \"{zone}\"\n  name = \"{name}.{domain}\"\n  type = \"TXT\"\n  ttl = 60\n  values = [\"x\"]\n}}\n"
    );
    let within = format!("zone = \"{domain}\"\nwithin = \"{name}.{domain}\"");
    generated(&record, "list \"berth_dns_record\" ", &within, as_it_is);

    let host = format!("{name}.example.com");
    let provider = format!(
        "{PROVIDER}\nresource \"berth_oidc_provider\" \"x\" {{\n  url = \"https://{host}\"\n  thumbprints = [\"9e99a48a9960b14926bb7f3b02e22da2b0ab7280\"]\n}}\n"
    );
    generated(&provider, "list \"berth_oidc_provider\" ", &format!("url_contains = \"{host}\""), as_it_is);

    let role = format!(
        "{PROVIDER}\nresource \"berth_irsa_role\" \"x\" {{\n  name = \"{name}\"\n  path = \"/{name}/\"\n  oidc_provider_arn = \"arn:aws:iam::123456789012:oidc-provider/{host}\"\n  service_accounts = [{{ namespace = \"{name}\", name = \"b\" }}]\n  statements = [{{ actions = [\"s3:ListBucket\"], resources = [\"arn:aws:s3:::a\"] }}]\n}}\n"
    );
    generated(&role, "list \"berth_irsa_role\" ", &format!("path_prefix = \"/{name}/\""), as_it_is);
    generated(&role, "list \"berth_irsa_role\" ", &format!("namespace = \"{name}\""), as_it_is);
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_generated_of_a_listing_plans_without_a_change_in_the_cluster() {
    let namespace = Namespace::new("listed");
    let filter = format!("namespace = \"{}\"", namespace.0);
    let secret = format!(
        "resource \"berth_pull_secret\" \"x\" {{\n  name = \"pull\"\n  namespaces = [\"{0}\"]\n  service_accounts = []\n  registries = {{ \
         \"r.test:5000\" = {{ username = \"ann\", password_wo = \"correct horse\", password_wo_version = 1 }} }}\n}}\n",
        namespace.0
    );
    let with_password = |text: &str| with(text, "password_wo", "\"correct horse\"");
    // Passwords are in no listing: those that are set stay until others are declared.
    generated(&secret, "list \"berth_pull_secret\" ", &filter, as_it_is);
    generated(&secret, "list \"berth_pull_secret\" ", &filter, with_password);

    let registry = format!(
        "resource \"berth_registry\" \"x\" {{\n  name = \"registry\"\n  namespace = \"{0}\"\n  storage = {{ ephemeral = {{}} }}\n  users = {{ ann = {{ password_wo = \"correct horse\", password_wo_version = 1 }} }}\n}}\n",
        namespace.0
    );
    generated(&registry, "list \"berth_registry\" ", &filter, as_it_is);
    generated(&registry, "list \"berth_registry\" ", &filter, with_password);
}

/// The generated text with a value for an attribute.
fn with(text: &str, name: &str, value: &str) -> String {
    let lines = text.lines().map(|line| match line.trim_start().strip_prefix(name) {
        Some(rest) if rest.trim_start().starts_with('=') => format!("{name} = {value}\n"),
        _ => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
#[ignore = "needs the sandbox"]
fn associations_are_listed_by_account() {
    let namespace = unique("listed");
    let workspace = Workspace::on(&Cli::with_actions(), &association(&namespace, &trusting(), ""));
    workspace.apply().succeeds();
    let cluster = format!("cluster_name = \"{}\"", value("SANDBOX_EKS_CLUSTER_NAME"));
    let found = listed(&workspace, "list \"berth_pod_identity\" ", &cluster);
    assert!(found.contains(&format!("{namespace}/web")), "{found:?}");
    let one = format!("{cluster}\nnamespace = \"{namespace}\"\nservice_account = \"web\"");
    assert_eq!(listed(&workspace, "list \"berth_pod_identity\" ", &one), [format!("{namespace}/web")]);
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn secrets_of_others_are_listed_on_demand_and_copies_never() {
    let mut namespaces = [Namespace::new("listed"), Namespace::new("listed")];
    // The first of a set by its text, which counts 10 before 9.
    namespaces.sort_by(|one, other| one.0.cmp(&other.0));
    let [first, second] = [&namespaces[0].0, &namespaces[1].0];
    let ours = format!(
        "resource \"berth_pull_secret\" \"x\" {{\n  name = \"ours\"\n  namespaces = [\"{first}\", \"{second}\"]\n  service_accounts = []\n  registries = {{ \
         r = {{ username = \"ann\", password_wo = \"correct horse\", password_wo_version = 1 }} }}\n}}\n"
    );
    let docker = ["--docker-server=r.test", "--docker-username=ann", "--docker-password=x"];
    kubectl_ok(&[&["-n", second, "create", "secret", "docker-registry", "theirs"][..], &docker].concat());
    let workspace = Workspace::on(&Cli::with_actions(), &ours);
    workspace.apply().succeeds();
    let names = |namespace: &str, more: &str| {
        listed(&workspace, "list \"berth_pull_secret\" ", &format!("namespace = \"{namespace}\"\n{more}"))
    };
    assert_eq!(names(first, ""), [format!("{first}/ours")]);
    assert!(names(second, "").is_empty(), "the second place of one resource");
    assert_eq!(names(second, "others = true"), [format!("{second}/theirs")]);
    let everywhere = listed(&workspace, "list \"berth_pull_secret\" ", "");
    assert!(everywhere.contains(&format!("{first}/ours")), "{everywhere:?}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn lists_call_what_the_table_says() {
    let (domain, cluster) = (value("SANDBOX_ZONE_NAME"), value("SANDBOX_EKS_CLUSTER_NAME"));
    let lists = [
        ("berth_dns_record", format!("zone = \"{domain}\"")),
        ("berth_irsa_role", String::new()),
        ("berth_oidc_provider", String::new()),
        ("berth_pod_identity", format!("cluster_name = \"{cluster}\"")),
    ];
    for (name, config) in lists {
        let recorder = Recorder::new();
        let workspace = recorder.workspace(&Cli::with_actions(), PROVIDER);
        listed(&workspace, &format!("list \"{name}\" "), &config);
        // What is found differs from run to run of the sandbox, and with it what is read of it.
        let read = table(&[name], &Scope::default(), true);
        let rarely: Vec<&str> = read.iter().map(String::as_str).collect();
        compare(&[&format!("list.{name}")], false, &recorder.actions(), &rarely);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn every_example_of_a_listing_is_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/list-resources");
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path().join("list-resource.tfquery.hcl")).unwrap();
        let workspace = Workspace::on(&Cli::with_actions(), PROVIDER);
        workspace.write("x.tfquery.hcl", &text);
        workspace.run(&["validate", "-query", "-json"]).succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn certificates_of_others_are_listed_on_demand() {
    let namespace = Namespace::new("listed");
    let workspace = Workspace::on(&Cli::with_actions(), PROVIDER);
    certificate(&workspace, &namespace.0);
    let names = |more: &str| {
        let filter = format!("namespace = \"{}\"\n{more}", namespace.0);
        listed(&workspace, "list \"berth_acme_certificate\" ", &filter)
    };
    assert!(names("").is_empty());
    assert_eq!(names("others = true"), [format!("{}/registry-tls", namespace.0)]);
}
