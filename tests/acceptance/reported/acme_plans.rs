//! What a plan tells of certificates before anything is ordered, and what is read as people have it.

use std::process::{Child, Command, Stdio};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use serde_json::Value;

use crate::acme::{address_record, plain, provider, text, unique_name};
use crate::fault_proxy::Faults;
use crate::sandbox::value;
use crate::workspace::Workspace;

const WEB: &str = "berth_acme_certificate.web";

/// A request with this common name, and these alternative names.
fn request(common_name: &str, names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut wish = CertificateParams::new(names).unwrap();
    wish.distinguished_name = DistinguishedName::new();
    wish.distinguished_name.push(DnType::CommonName, common_name);
    wish.serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap()
}

#[test]
#[ignore = "needs the sandbox"]
fn a_signing_request_is_read_as_the_ca_reads_it() {
    let workspace = Workspace::new("");
    let zone = value("SANDBOX_ZONE_NAME");
    let (first, second) = (unique_name("csr", &zone), unique_name("csr", &zone));
    let csr = workspace.write("request.pem", &request(&first, &[]));
    let more = format!("  csr_pem = file(\"{}\")\n", csr.display());
    let declared = |names: &[&str]| {
        let resources = plain(&workspace, names, &more).replace("  private_key_in_state = true\n", "");
        workspace.configure(&(provider("") + &resources));
    };
    declared(&[&first, &second]);
    let errors = workspace.plan().fails();
    assert!(errors.contains("BERTH-ACME-056") && errors.contains(&format!("does not ask for `{second}`")), "{errors}");
    // Boulder takes this one; pebble counts no common names, and says so to a plan that was right.
    declared(&[&first]);
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-ACME-015") && errors.contains("`csr_pem`"), "{errors}");
    workspace.write("request.pem", &request(&first.to_uppercase(), &[&first]));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.write("request.pem", &request("Our Server", &[&first]));
    let told = workspace.plan().succeeds().diagnostics();
    assert!(told.iter().any(|shown| shown.severity == "warning" && shown.summary.contains("`Our Server`")), "{told:?}");
    workspace.write("request.pem", &request(&first, &[&first, &second]).replace('\n', "\r\n"));
    declared(&[&second, &first]);
    workspace.apply().succeeds();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_name_too_long_for_its_record_is_told_in_the_plan_and_nothing_is_ordered() {
    let ca = Faults::before_acme(&value("SANDBOX_ACME_DIRECTORY"), &[]);
    let workspace = Workspace::new("");
    let zone = value("SANDBOX_ZONE_NAME");
    let label = "l".repeat(59);
    let long = format!("{label}.{label}.{label}.{label}.{zone}");
    let name = &long[long.len() - 238..];
    let provider = provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), &ca.directory());
    workspace.configure(&(provider + &plain(&workspace, &[name], "")));
    let errors = workspace.plan().fails();
    assert!(errors.contains("BERTH-ACME-118") && errors.contains("at most 237 characters"), "{errors}");
    assert!(!ca.answered().iter().any(|line| line.contains("order-plz")));
}

#[test]
#[ignore = "needs the sandbox"]
fn without_credentials_for_the_zone_nothing_is_ordered_and_nothing_is_in_the_state() {
    let ca = Faults::before_acme(&value("SANDBOX_ACME_DIRECTORY"), &[]);
    let mut workspace = Workspace::new("");
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"] {
        workspace = workspace.env(name, "");
    }
    let workspace = workspace.env("AWS_EC2_METADATA_DISABLED", "true");
    let name = unique_name("poor", &value("SANDBOX_ZONE_NAME"));
    let provider = provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), &ca.directory());
    for more in ["", &format!("  dns01 = {{ zone_id = \"{}\" }}\n", value("SANDBOX_ZONE_ID"))] {
        workspace.configure(&(provider.clone() + &plain(&workspace, &[&name], more)));
        let errors = workspace.apply().fails();
        assert!(errors.contains("BERTH-AWS-"), "{errors}");
        assert!(!ca.answered().iter().any(|line| line.contains("order-plz")), "{:?}", ca.answered());
        assert!(workspace.instance(WEB).is_none());
    }
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn roots_are_read_however_they_are_written_down() {
    let root = std::fs::read_to_string(value("SANDBOX_ACME_CA_FILE")).unwrap();
    let other = rcgen::generate_simple_self_signed(["other.example".to_owned()]).unwrap().cert.pem();
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let joined = format!("{}{root}", other.trim_end());
    let ways = [
        joined.clone(),
        format!("\u{feff}{root}"),
        joined.replace('\n', "\r"),
        format!("subject=/CN=x\n{}", joined.replace('\n', "\n      ")),
        root.replace('\n', "\\n"),
        format!("{bad}{joined}"),
    ];
    for (index, text) in ways.iter().enumerate() {
        let workspace = Workspace::new("");
        let file = workspace.write("roots.pem", text);
        let provider = provider("").replace(&value("SANDBOX_ACME_CA_FILE"), &file.display().to_string());
        let key = workspace.write("account.pem", &KeyPair::generate().unwrap().serialize_pem());
        workspace.configure(&format!(
            "{provider}\nresource \"berth_acme_account\" \"main\" {{\n  terms_of_service_agreed = true\n  account_key = {{ file = \"{}\" }}\n}}\noutput \"count\" {{ value = try(length(provider::berth::pem_info(file(\"{}\"))), 0) }}\n",
            key.display(),
            file.display(),
        ));
        workspace.apply().succeeds();
        let expected = [2, 1, 2, 2, 1, 0][index];
        assert_eq!(workspace.state()["outputs"]["count"]["value"], Value::from(expected), "{text}");
        workspace.destroy().succeeds();
    }
    // Where the trust fails, the root that could not be used is named.
    let workspace = Workspace::new("");
    let file = workspace.write("roots.pem", &format!("{bad}{other}"));
    let provider = provider("").replace(&value("SANDBOX_ACME_CA_FILE"), &file.display().to_string());
    workspace.configure(&(provider + &plain(&workspace, &["a.sandbox.test"], "")));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-ACME-001") && errors.contains("certificate 1 of 2"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn what_cannot_heal_is_told_within_seconds() {
    let key = "\nresource \"berth_acme_account\" \"main\" {\n  terms_of_service_agreed = true\n  account_key = { file = \"k.pem\" }\n}\n";
    let block = |acme: &str| format!("provider \"berth\" {{\n  acme = {{ {acme} }}\n}}\n{key}");
    let (directory, trust) = (value("SANDBOX_ACME_DIRECTORY"), value("SANDBOX_ACME_CA_FILE"));
    let other = directory.replace("/dir", "/nonce-plz");
    let cases = [
        (block("directory_url = \"\""), "BERTH-ACME-038"),
        (block("directory_url = \"acme-v02.api.letsencrypt.org\""), "must begin with `https://`"),
        (block(&format!("directory_url = \"https://nowhere.invalid/dir\", ca_file = \"{trust}\"")), "BERTH-ACME-003"),
        (block("directory_url = \"https://127.0.0.1:1/dir\""), "BERTH-ACME-003"),
        (block(&format!("directory_url = \"{other}\", ca_file = \"{trust}\"")), "BERTH-ACME-004"),
        (block(&format!("directory_url = \"{directory}\", ca_file = \"\"")), "BERTH-ACME-001"),
        (block(&format!("directory_url = \"{directory}\", ca_file = \"nosuch.pem\"")), "BERTH-ACME-002"),
        (block(&format!("directory_url = \"{directory}\", ca_pem = \"{trust}\"")), "it looks like the path of a file"),
        (
            block(&format!("directory_url = \"{directory}\", ca_file = \"{trust}\"")).replace("= true", "= false"),
            "BERTH-ACME-007",
        ),
        (
            block(&format!("directory_url = \"{directory}\", ca_file = \"{trust}\"")).replace("\"k.pem\"", "\"\""),
            "`account_key.file` is empty",
        ),
        (format!("provider \"berth\" {{}}\n{key}"), "BERTH-ACME-038"),
    ];
    for (configuration, expected) in cases {
        let workspace = Workspace::new("");
        workspace.write("k.pem", &KeyPair::generate().unwrap().serialize_pem());
        workspace.configure(&configuration);
        let started = std::time::Instant::now();
        let errors = workspace.apply().fails();
        let told = errors.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(expected), "{expected}: {errors}");
        assert!(started.elapsed().as_secs_f64() < 8.0, "{expected} took {:?}", started.elapsed());
    }
}

/// A server of files on port 80, which ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[test]
#[ignore = "needs the sandbox, and port 80 in it"]
fn an_order_that_is_proved_by_files_is_completed_by_its_certificate() {
    let workspace = Workspace::new("");
    let (name, address) = (unique_name("file-order", &value("SANDBOX_ZONE_NAME")), value("SANDBOX_NODE_IP"));
    let root = workspace.path("www");
    std::fs::create_dir_all(&root).unwrap();
    let python = Command::new("python3")
        .args(["-m", "http.server", "80", "--bind", &address, "--directory"])
        .arg(&root)
        .stderr(Stdio::null())
        .spawn();
    let _server = Server(python.expect("Python is installed"));
    let key = format!("{{ file = \"{}\" }}", workspace.path("account.pem").display());
    workspace.write("account.pem", &KeyPair::generate().unwrap().serialize_pem());
    let record = address_record(&name, &address);
    workspace.configure(&format!(
        r#"{}{record}
resource "berth_acme_account" "main" {{
  terms_of_service_agreed = true
  account_key             = {key}
}}
resource "berth_acme_order" "web" {{
  account_url  = berth_acme_account.main.account_url
  account_key  = {key}
  dns_names    = ["{name}"]
  ip_addresses = ["{address}"]
  challenge    = "http-01"
  profile      = "default"
}}
resource "terraform_data" "file" {{
  for_each = toset(["{name}", "{address}"])
  input    = berth_acme_order.web.challenges[each.key].file_path
  provisioner "local-exec" {{
    command = "mkdir -p \"$(dirname \"$FILE\")\" && printf %s \"$CONTENT\" > \"$FILE\""
    environment = {{
      FILE    = "{root}${{berth_acme_order.web.challenges[each.key].file_path}}"
      CONTENT = berth_acme_order.web.challenges[each.key].file_content
    }}
  }}
}}
resource "berth_acme_certificate" "web" {{
  order                = berth_acme_order.web.order_url
  account_url          = berth_acme_account.main.account_url
  account_key          = {key}
  dns_names            = berth_acme_order.web.dns_names
  ip_addresses         = berth_acme_order.web.ip_addresses
  profile              = "default"
  private_key_in_state = true
  timeouts             = {{ create = "1m" }}
  depends_on           = [terraform_data.file, berth_dns_record.web]
}}
"#,
        provider(""),
        root = root.display(),
    ));
    workspace.apply().succeeds();
    assert!(text(&workspace.attributes("berth_acme_order.web"), "order_url").ends_with("#http-01"));
    assert!(!text(&workspace.attributes(WEB), "serial_number").is_empty());
    workspace.refresh().succeeds();
    workspace.destroy().succeeds();
}
