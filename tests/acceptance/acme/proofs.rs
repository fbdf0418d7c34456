//! How names are proved, and what a certificate may ask for beside them.

use berth::domain::certificate::Chain;
use serde_json::Value;

use super::{Namespace, account, certificate, name_at, provider, text};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

#[test]
#[ignore = "needs the sandbox, and port 80 in it"]
fn names_and_addresses_are_proved_by_files_and_wildcards_by_records() {
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "files-tofu" } else { "files" });
        let address = value("SANDBOX_NODE_IP");
        let (name, record) = name_at(&namespace, &address);
        let more = format!(
            "  ip_addresses = [\"{address}\"]\n  http01 = {{ listen = \"{address}:80\" }}\n  must_staple = true\n  key_type = \"rsa-2048\"\n  depends_on = [berth_dns_record.web]\n"
        );
        let configuration = provider("")
            + &account(&namespace)
            + &record
            + &certificate(&namespace, &[&name, &format!("*.{name}")], &more);
        let workspace = Workspace::on(&cli, &configuration);
        workspace.apply().succeeds();
        let issued = workspace.attributes("berth_acme_certificate.web");
        let facts = Chain::parse(&text(&issued, "certificate_pem")).unwrap().facts;
        assert_eq!(facts.ip_addresses.join(" "), address);
        assert_eq!(facts.names(), [format!("*.{name}"), name.clone(), address.clone()]);
        assert_eq!(facts.key_type.as_deref(), Some("rsa-2048"));
        let log = workspace.log();
        assert!(log.contains("http-01 visitor"), "the CA came for the files");
        workspace.plan().changes_nothing();
        assert!(std::net::TcpStream::connect((address.as_str(), 80)).is_err(), "nobody listens any more");

        // Something else at the port is told, with the address.
        let taken = std::net::TcpListener::bind((address.as_str(), 80)).unwrap();
        workspace.configure(&configuration.replace("rsa-2048", "ecdsa-p384"));
        let errors = workspace.apply().fails();
        assert!(errors.contains("BERTH-ACME-059") && errors.contains(&format!("{address}:80")), "{errors}");
        drop(taken);
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_standing_record_proves_names_without_touching_dns_and_its_lack_is_told_with_what_is_wanted() {
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "standing-tofu" } else { "standing" });
        let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
        // The CA's own name, as its directory tells it.
        let record = format!(
            r#"
resource "berth_dns_record" "standing" {{
  zone_id = "{}"
  name    = "_validation-persist.{name}"
  type    = "TXT"
  ttl     = 1
  values  = [provider::berth::dns_persist01_value("pebble.letsencrypt.org", berth_acme_account.main.account_url, true)]
  wait    = "authoritative"
}}
"#,
            value("SANDBOX_ZONE_ID")
        );
        let certificate = certificate(&namespace, &[&name, &format!("*.{name}")], "  dns_persist01 = {}\n");
        let workspace = Workspace::on(&cli, &(provider("") + &account(&namespace) + &certificate));
        let errors = workspace.apply().fails();
        assert!(
            errors.contains("BERTH-ACME-012") && errors.contains(&format!("TXT _validation-persist.{name}")),
            "{errors}"
        );
        workspace.configure(&(provider("") + &account(&namespace) + &record));
        workspace.apply().succeeds();
        workspace.configure(&(provider("") + &account(&namespace) + &record + &certificate));
        workspace.apply().succeeds();
        assert_eq!(
            super::txt_values(&value("SANDBOX_ZONE_ID"), &format!("_acme-challenge.{name}")),
            Vec::<String>::new()
        );
        assert!(!workspace.log().contains("TXT _acme-challenge"), "no challenge record was published");
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_chain_is_chosen_by_its_root() {
    let namespace = Namespace::new("chain");
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let provider = provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), &value("SANDBOX_ACME_ALTERNATE_DIRECTORY"));
    let files = value("SANDBOX_ACME_ALTERNATE_ROOT_FILES");
    let roots = files.split(':').map(|path| Chain::parse(&std::fs::read_to_string(path).unwrap()).unwrap().root_name);
    let [first, .., last] = &roots.collect::<Vec<_>>()[..] else { panic!("{files} has several roots") };
    let configuration = |more: &str| provider.clone() + &account(&namespace) + &certificate(&namespace, &[&name], more);
    let root_of = |workspace: &Workspace| {
        Chain::parse(&text(&workspace.attributes("berth_acme_certificate.web"), "fullchain_pem")).unwrap().root_name
    };
    let workspace = Workspace::new(&configuration(""));
    workspace.apply().succeeds();
    assert_eq!(root_of(&workspace), *first);
    workspace.configure(&configuration(&format!("  preferred_chain = \"{last}\"\n")));
    workspace.apply().succeeds();
    assert_eq!(root_of(&workspace), *last);
    workspace.plan().changes_nothing();

    workspace.configure(&configuration("  preferred_chain = \"No Such Root\"\n"));
    let applied = workspace.apply().succeeds();
    let warned = applied.diagnostics().into_iter().find(|shown| shown.detail.contains("BERTH-ACME-055")).unwrap();
    assert!(warned.detail.contains(first) && warned.detail.contains(last), "{}", warned.detail);
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_profile_that_the_ca_does_not_offer_is_told_in_the_plan_and_offline_asks_nothing() {
    let namespace = Namespace::new("profile");
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let configuration = |more: &str| {
        provider(more) + &account(&namespace) + &certificate(&namespace, &[&name], "  profile = \"eternal\"\n")
    };
    let workspace = Workspace::new(&configuration(""));
    let is_told = |workspace: &Workspace| {
        let shown = workspace.plan().changes_something().diagnostics();
        shown.into_iter().any(|one| one.severity == "warning" && one.detail.contains("shortlived"))
    };
    assert!(is_told(&workspace), "the profiles are listed");
    workspace.configure(&configuration("  offline = true\n"));
    assert!(!is_told(&workspace));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-ACME-016") && errors.contains("eternal"), "{errors}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_request_for_other_names_is_told_before_anything_is_asked() {
    let namespace = Namespace(format!("acme-nowhere-{}", std::process::id()));
    let key = rcgen::KeyPair::generate().unwrap();
    let other = rcgen::CertificateParams::new(["other.sandbox.test".to_owned()]).unwrap();
    let csr = other.serialize_request(&key).unwrap().pem().unwrap();
    let secret = format!(
        "  kubernetes_secret = {{ namespace = \"{}\", name = \"web-tls\", labels = {{ team = \"a\" }} }}\n",
        namespace.0
    );
    let certificate = certificate(&namespace, &["mine.sandbox.test"], &format!("  csr_pem = <<-END\n{csr}\n  END\n"));
    let workspace = Workspace::new(&(provider("") + &account(&namespace) + &certificate.replace(&secret, "")));
    let run = workspace.validate();
    let shown = run.diagnostics();
    assert!(shown.iter().any(|one| one.detail.contains("BERTH-ACME-056")), "{run}");
    assert_eq!(serde_json::from_str::<Value>(&run.stdout).unwrap()["valid"], Value::Bool(false));
}
