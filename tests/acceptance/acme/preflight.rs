//! What a plan warns about before anything is ordered, and that it warns about nothing else.

use berth::clients::acme::AccountKey;

use super::{plain, provider, unique_name};
use crate::gate::Gate;
use crate::sandbox::{requests, value};
use crate::workspace::{Cli, Run, Workspace};

/// The codes of the warnings of a plan that is to issue, with all words of each.
fn warnings(run: Run) -> Vec<(String, String)> {
    let shown = run.changes_something().diagnostics().into_iter().filter(|shown| shown.severity == "warning");
    let told = shown.filter(|shown| shown.detail.contains("Code: BERTH-ACME-09"));
    told.map(|shown| {
        let code = shown.detail.rsplit("Code: ").next().unwrap().trim().to_owned();
        (code, format!("{}\n{}", shown.summary, shown.detail))
    })
    .collect()
}

fn codes(told: &[(String, String)]) -> Vec<&str> {
    told.iter().map(|(code, _)| code.as_str()).collect()
}

#[track_caller]
fn words<'a>(told: &'a [(String, String)], code: &str) -> &'a str {
    &told.iter().find(|(found, _)| found == code).unwrap_or_else(|| panic!("no {code} in {told:?}")).1
}

/// A record in one of the sandbox's zones. Servers of a zone below are not waited for: they need not exist.
fn record(label: &str, zone_id: &str, name: &str, kind: &str, values: &[&str]) -> String {
    let wait = if kind == "NS" { "insync" } else { "authoritative" };
    format!(
        "resource \"berth_dns_record\" \"{label}\" {{\n  zone_id = \"{zone_id}\"\n  name = \"{name}.\"\n  type = \"{kind}\"\n  \
         ttl = 1\n  values = {values:?}\n  wait = \"{wait}\"\n}}\n"
    )
}

/// Plans a certificate beside records that are there already.
fn planned(cli: &Cli, records: &str, names: &[&str], more: &str, settings: &str) -> Vec<(String, String)> {
    let workspace = Workspace::on(cli, "");
    workspace.configure(&(provider("") + records));
    workspace.apply().succeeds();
    workspace.configure(&(provider(settings) + records + &plain(&workspace, names, more)));
    let told = warnings(workspace.plan());
    workspace.configure(&(provider("") + records));
    workspace.destroy().succeeds();
    told
}

#[test]
#[ignore = "needs the sandbox"]
fn a_clean_setup_is_planned_without_a_warning() {
    let cli = Cli::turn(0);
    let name = unique_name("clean", &value("SANDBOX_ZONE_NAME"));
    let child = unique_name("clean", &value("SANDBOX_CHILD_ZONE_NAME"));
    let told = planned(&cli, "", &[&name, &format!("*.{name}"), &child], "", "");
    assert_eq!(codes(&told), [""; 0], "{told:?}");
}

#[test]
#[ignore = "needs the sandbox"]
fn caa_records_that_forbid_the_ca_are_told_and_offline_asks_nothing() {
    let cli = Cli::turn(1);
    let base = unique_name("caa", &value("SANDBOX_ZONE_NAME"));
    let (plain_name, star) = (format!("www.{base}"), format!("*.{base}"));
    let caa = |values: &[&str]| record("caa", &value("SANDBOX_ZONE_ID"), &base, "CAA", values);
    let ours = "0 issue \"pebble.letsencrypt.org\"";
    let names = [plain_name.as_str(), star.as_str()];

    let told = planned(&cli, &caa(&["0 issue \"other.example\""]), &names, "", "");
    assert_eq!(codes(&told), ["BERTH-ACME-090", "BERTH-ACME-090"], "{told:?}");
    let text = words(&told, "BERTH-ACME-090");
    assert!(text.contains(&format!("CAA {base}")) && text.contains("other.example"), "{text}");
    assert!(text.contains(ours), "{text}");
    let told = planned(&cli, &caa(&[ours, "0 issuewild \";\""]), &names, "", "");
    assert_eq!(codes(&told), ["BERTH-ACME-090"], "{told:?}");
    assert!(words(&told, "BERTH-ACME-090").contains(&format!("`{star}`")));
    let by_file = "0 issue \"pebble.letsencrypt.org; validationmethods=http-01\"";
    let told = planned(&cli, &caa(&[by_file]), &names, "", "");
    assert!(words(&told, "BERTH-ACME-090").contains("add `dns-01` to `validationmethods`"), "{told:?}");
    assert_eq!(codes(&planned(&cli, &caa(&[ours]), &names, "", "")), [""; 0]);
    let offline = planned(&cli, &caa(&["0 issue \";\""]), &names, "", "  offline = true\n");
    assert_eq!(codes(&offline), [""; 0]);
}

#[test]
#[ignore = "needs the sandbox"]
fn the_way_of_the_challenge_name_is_told() {
    let zone = value("SANDBOX_ZONE_ID");
    let cli = Cli::turn(2);
    let name = unique_name("way", &value("SANDBOX_ZONE_NAME"));
    let challenge = format!("_acme-challenge.{name}");
    let cname = |owner: &str, target: &str| record("way", &zone, owner, "CNAME", &[target]);
    let reachable = format!("{name}.{}.", value("SANDBOX_OTHER_ZONE_NAME"));

    let dangling = planned(&cli, &cname(&challenge, "x.nowhere.example."), &[&name], "", "");
    assert!(words(&dangling, "BERTH-ACME-092").contains("no zone holds `x.nowhere.example`"), "{dangling:?}");
    assert_eq!(codes(&planned(&cli, &cname(&challenge, &reachable), &[&name], "", "")), [""; 0]);
    let unfollowed =
        planned(&cli, &cname(&challenge, &reachable), &[&name], "  dns01 = { follow_cname = false }\n", "");
    assert_eq!(codes(&unfollowed), ["BERTH-ACME-093"], "{unfollowed:?}");

    let below = format!("foo.{name}");
    let trap = planned(&cli, &cname(&format!("*.{name}"), &reachable), &[&below], "", "");
    let text = words(&trap, "BERTH-ACME-094");
    assert!(text.contains(&format!("`*.{name}`")) && text.contains("berth_dns01_delegation"), "{text}");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_zone_that_the_world_does_not_see_is_told() {
    let parent = value("SANDBOX_ZONE_ID");
    let cli = Cli::turn(3);
    let zone = OwnZone::new(&unique_name("lost", &value("SANDBOX_ZONE_NAME")));
    let name = format!("www.{}", zone.name);
    let nowhere = planned(&cli, "", &[&name], "", "");
    assert!(words(&nowhere, "BERTH-ACME-091").contains("no NS records"), "{nowhere:?}");
    // What is made after the delegation is waited for in its place.
    let after = record("after", &parent, &format!("after-{}", zone.name), "TXT", &["x"]);
    let elsewhere = record("cut", &parent, &zone.name, "NS", &["ns1.registrar.example."])
        + &after.replace("wait =", "depends_on = [berth_dns_record.cut]\n  wait =");
    let told = planned(&cli, &elsewhere, &[&name], "", "");
    assert!(words(&told, "BERTH-ACME-091").contains("ns1.registrar.example"), "{told:?}");

    let child = unique_name("cut", &value("SANDBOX_CHILD_ZONE_NAME"));
    let told = planned(&cli, "", &[&child], &format!("  dns01 = {{ zone_id = \"{parent}\" }}\n"), "");
    assert!(words(&told, "BERTH-ACME-091").contains(&value("SANDBOX_CHILD_ZONE_NAME")), "{told:?}");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_private_twin_is_told_where_the_resolvers_decide() {
    let twin = OwnZone::private(&value("SANDBOX_OTHER_ZONE_NAME"));
    let name = unique_name("twin", &value("SANDBOX_OTHER_ZONE_NAME"));
    let cli = Cli::terraform();
    let recursive = "  dns = { check = \"recursive\" }\n";
    let told = planned(&cli, "", &[&name], "", recursive);
    let text = words(&told, "BERTH-ACME-095");
    assert!(text.contains(&twin.id) && text.contains("dns.check = \"authoritative\""), "{text}");
    // Its own servers are asked, and these are not hidden.
    assert_eq!(codes(&planned(&cli, "", &[&name], "", "")), [""; 0]);
    let chosen = planned(&cli, "", &[&name], &format!("  dns01 = {{ zone_id = \"{}\" }}\n", twin.id), "");
    assert!(words(&chosen, "BERTH-ACME-095").contains("zone_visibility"), "{chosen:?}");

    let workspace = Workspace::on(&cli, "");
    workspace.configure(&(provider("") + &plain(&workspace, &[&name], "")));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn an_order_for_other_dns_providers_is_looked_at_as_well() {
    let (zone, name) = (value("SANDBOX_ZONE_ID"), unique_name("order", &value("SANDBOX_ZONE_NAME")));
    let target = format!("x.{}.", value("SANDBOX_OTHER_ZONE_NAME"));
    let records = record("way", &zone, &format!("_acme-challenge.{name}"), "CNAME", &[&target])
        + &record("caa", &zone, &name, "CAA", &["0 issue \";\""]);
    let workspace = Workspace::new("");
    workspace.configure(&(provider("") + &records));
    workspace.apply().succeeds();
    let key = workspace.write("account.pem", AccountKey::generate().unwrap().expose());
    let order = format!(
        "resource \"berth_acme_order\" \"x\" {{\n  account_key = {{ file = \"{}\" }}\n  dns_names = [\"{name}\"]\n}}\n",
        key.display()
    );
    workspace.configure(&(provider("") + &records + &order));
    let told = warnings(workspace.plan());
    assert_eq!(codes(&told), ["BERTH-ACME-090", "BERTH-ACME-093"], "{told:?}");
    assert!(words(&told, "BERTH-ACME-093").contains(target.trim_end_matches('.')), "{told:?}");
    workspace.configure(&(provider("") + &records));
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_name_for_a_file_wants_an_address() {
    let name = unique_name("address", &value("SANDBOX_ZONE_NAME"));
    let more = "  http01 = { listen = \"127.0.0.1:8088\" }\n";
    let told = planned(&Cli::terraform(), "", &[&name], more, "");
    assert_eq!(codes(&told), ["BERTH-ACME-097"], "{told:?}");
    let here = record("web", &value("SANDBOX_ZONE_ID"), &name, "A", &["127.0.0.1"]);
    assert_eq!(codes(&planned(&Cli::terraform(), &here, &[&name], more, "")), [""; 0]);
}

#[test]
#[ignore = "needs the sandbox"]
fn a_permission_that_is_missing_is_told() {
    // moto simulates nothing, so IAM's answer is written here.
    let judged = "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults><member><EvalActionName>\
                  route53:ChangeResourceRecordSets</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
                  </EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>";
    let gate = Gate::before(&value("AWS_ENDPOINT_URL"), move |_, body| {
        body.contains("Action=SimulatePrincipalPolicy").then(|| judged.to_owned())
    });
    let cli = Cli::turn(4);
    let name = unique_name("denied", &value("SANDBOX_ZONE_NAME"));
    let workspace = Workspace::on(&cli, "");
    let settings =
        |offline| format!("  aws = {{ endpoints = {{ iam = \"{}\" }} }}\n  offline = {offline}\n", gate.url());
    workspace.configure(&by_role(&workspace, &name, "", &settings(false)));
    let told = warnings(workspace.plan());
    let text = words(&told, "BERTH-ACME-096");
    assert!(text.contains("route53:ChangeResourceRecordSets") && text.contains("assumed-role/acme-dns"), "{text}");
    workspace.configure(&by_role(&workspace, &name, "", &settings(true)));
    assert_eq!(codes(&warnings(workspace.plan())), [""; 0]);
}

/// A hosted zone of a test's own, which the sandbox's DNS server does not serve.
struct OwnZone {
    id: String,
    name: String,
}

impl OwnZone {
    fn new(name: &str) -> Self {
        Self::made(name, false)
    }

    fn private(name: &str) -> Self {
        Self::made(name, true)
    }

    fn made(name: &str, private: bool) -> Self {
        use aws_sdk_route53::types::{HostedZoneConfig, Vpc, VpcRegion};
        let (owner, reference) = (name.to_owned(), unique_name("zone", name));
        let id = super::in_runtime(async move {
            let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
            let request = super::Route53::new(&config).create_hosted_zone().name(owner).caller_reference(reference);
            let request = if private {
                let vpc = Vpc::builder().vpc_id("vpc-1").vpc_region(VpcRegion::EuCentral1).build();
                request.vpc(vpc).hosted_zone_config(HostedZoneConfig::builder().private_zone(true).build())
            } else {
                request
            };
            let made = request.send().await.unwrap();
            made.hosted_zone().unwrap().id().trim_start_matches("/hostedzone/").to_owned()
        });
        Self { id, name: name.to_owned() }
    }
}

impl Drop for OwnZone {
    fn drop(&mut self) {
        let id = self.id.clone();
        super::in_runtime(async move {
            let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
            let _gone = super::Route53::new(&config).delete_hosted_zone().id(id).send().await;
        });
    }
}

/// A certificate whose records are written by a role.
fn by_role(workspace: &Workspace, name: &str, more: &str, settings: &str) -> String {
    let role = "{ role_arn = \"arn:aws:iam::123456789012:role/acme-dns\", session_name = \"zones\" }";
    provider(settings) + &plain(workspace, &[name], &format!("  dns01 = {{ assume_role = {role} }}\n{more}"))
}

#[test]
#[ignore = "needs the sandbox"]
fn records_are_written_by_the_role_of_the_account_that_has_the_zones() {
    let cli = Cli::turn(5);
    let key = "AKIAZONESROLE0000000".to_owned();
    let name = unique_name("role", &value("SANDBOX_ZONE_NAME"));
    let workspace = Workspace::on(&cli, "").env("AWS_ACCESS_KEY_ID", &key);
    let two = format!(
        "}}\nresource \"berth_acme_certificate\" \"other\" {{\n  account_url = berth_acme_account.main.account_url\n  \
         account_key = {{ file = \"{}\" }}\n  dns_names = [\"b.{name}\"]\n  private_key_in_state = true\n  \
         dns01 = {{ assume_role = {{ role_arn = \"arn:aws:iam::123456789012:role/acme-dns\", session_name = \"zones\" }} }}\n",
        workspace.path("account.pem").display()
    );
    workspace.configure(&by_role(&workspace, &name, &two, ""));
    let before = requests().len();
    workspace.apply().succeeds();
    let calls = requests().split_off(before);
    let own: Vec<_> = calls.iter().filter(|line| line.ends_with(&format!(" {key}"))).collect();
    assert!(own.iter().all(|line| line.contains(" sts ")), "all of Route53 is asked by the role: {own:?}");
    let sessions = own.iter().filter(|line| line.contains("AssumeRole")).count();
    assert!((1..=2).contains(&sessions), "one session to plan, one to apply, for both certificates: {own:?}");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_that_may_not_be_assumed_is_named() {
    let denied = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: ci is not authorized to \
                  perform: sts:AssumeRole</Message></Error><RequestId>r-1</RequestId></ErrorResponse>";
    let gate = Gate::before(&value("AWS_ENDPOINT_URL"), move |_, body| {
        body.contains("Action=AssumeRole").then(|| denied.to_owned())
    });
    let name = unique_name("role", &value("SANDBOX_ZONE_NAME"));
    let workspace = Workspace::new("");
    let settings = format!("  aws = {{ endpoints = {{ sts = \"{}\" }} }}\n", gate.url());
    workspace.configure(&by_role(&workspace, &name, "", &settings));
    let errors = workspace.apply().fails();
    assert!(errors.contains("role/acme-dns") && errors.contains("sts:AssumeRole"), "{errors}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn what_a_certificate_lacks_is_told_in_the_plan() {
    let told = |configuration: &str, workspace: &Workspace| {
        workspace.configure(configuration);
        let shown = workspace.plan().changes_something().diagnostics().into_iter();
        let told = shown
            .filter(|shown| shown.severity == "warning")
            .map(|shown| format!("{}\n{}", shown.summary, shown.detail));
        told.collect::<Vec<_>>()
    };
    let workspace = Workspace::new("");
    let zoneless = told(&(provider("") + &plain(&workspace, &["www.nowhere.example"], "")), &workspace);
    assert!(
        zoneless.iter().any(|text| text.contains("BERTH-ACME-121") && text.contains("`www.nowhere.example`")),
        "{zoneless:?}"
    );
    let chosen = plain(&workspace, &["www.nowhere.example"], "  dns01 = { zone_id = \"Z0NOWHERE\" }\n");
    let chosen = told(&(provider("") + &chosen), &workspace);
    assert!(chosen.iter().any(|text| text.contains("BERTH-ACME-121") && text.contains("of the id")), "{chosen:?}");
}

#[test]
#[ignore = "needs the sandbox"]
fn what_a_certificate_lacks_in_the_cluster_is_told_in_the_plan() {
    let name = unique_name("lacking", &value("SANDBOX_ZONE_NAME"));
    let cli = Cli::turn(6);
    // The one of the host before may still be on its way out.
    let label = if cli.is_tofu() { "lacking-tofu" } else { "lacking" };
    let (workspace, namespace) = (Workspace::on(&cli, ""), super::Namespace::new(label));
    let warned = |more: &str| {
        workspace.configure(&(provider("") + &plain(&workspace, &[&name], more)));
        let shown = workspace.plan().changes_something().diagnostics().into_iter();
        let told = shown.map(|shown| shown.detail).filter(|text| text.contains("does not exist"));
        told.collect::<Vec<_>>()
    };
    let stored = |namespace: &str| format!("  kubernetes_secret = {{ namespace = \"{namespace}\", name = \"tls\" }}\n");
    let proved =
        |class: &str| format!("  http01 = {{ ingress_class = \"{class}\", namespace = \"{}\" }}\n", namespace.0);
    assert_eq!(warned(&stored(&namespace.0)), [""; 0]);
    let away = warned(&stored("nowhere"));
    assert!(away.len() == 1 && away[0].contains("BERTH-K8S-072"), "{away:?}");
    let class = warned(&(stored(&namespace.0) + &proved("nobody")));
    assert!(class.len() == 1 && class[0].contains("BERTH-ACME-122"), "{class:?}");
    // The namespace of a key that this very run makes is not missed.
    let made = format!("acme-made-{}", std::process::id());
    let certificate = super::certificate_in(&made, &[&name], "");
    workspace.configure(&(provider("") + &super::account_in(&made) + &certificate));
    let shown = workspace.plan().changes_something().diagnostics();
    assert!(shown.iter().all(|shown| !shown.detail.contains("does not exist")), "a namespace is missed that is made");
}
