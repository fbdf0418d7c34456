//! A manifest at an address, with the digest of what is meant.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use berth::digest::sha256_hex;

use crate::fault_proxy::Faults;
use crate::sandbox::value;
use crate::workspace::Workspace;

use super::{ADDRESS, Cluster, installed, release, results};

/// A server of the releases, with TLS of the sandbox's CA, that can be disturbed.
struct Server {
    files: Child,
    proxy: Faults,
}

impl Server {
    fn start() -> Self {
        let folder = value("SANDBOX_CERT_MANAGER_RELEASES");
        let mut files = Command::new("python3")
            .args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", &folder, "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python is installed");
        let mut line = String::new();
        BufReader::new(files.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.split("port ").nth(1).and_then(|rest| rest.split(' ').next()).expect("it says its port");
        Self { proxy: Faults::before_with_tls(&format!("http://127.0.0.1:{port}")), files }
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{name}.yaml", self.proxy.url())
    }

    fn asked(&self, name: &str) -> usize {
        let wanted = format!("200 GET /{name}.yaml");
        self.proxy.answered().iter().filter(|call| **call == wanted).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.files.kill().ok();
        self.files.wait().ok();
    }
}

fn digest_of(name: &str) -> String {
    sha256_hex(&std::fs::read(release(name)).unwrap())
}

fn declared(address: &str, digest: &str, more: &str) -> String {
    installed(address, &format!("  manifest_sha256 = \"{digest}\"\n  wait = false\n{more}"))
}

/// With the CA of the sandbox among those that this machine trusts.
fn workspace() -> Workspace {
    Workspace::new("").env("SSL_CERT_FILE", &value("SANDBOX_ACME_CA_FILE"))
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn what_is_at_an_address_is_fetched_where_something_is_to_be_done_and_taken_by_its_digest() {
    let _cluster = Cluster::empty();
    let (server, workspace) = (Server::start(), workspace());
    let former = (server.at("former"), digest_of("former"));
    workspace.configure(&declared(&former.0, &former.1, ""));
    workspace.apply().succeeds();
    assert_eq!(workspace.attributes(ADDRESS)["version"], "1.10.2");
    let asked = server.asked("former");
    workspace.plan().changes_nothing();
    assert_eq!(server.asked("former"), asked, "nothing is to be done");

    // Steps have their digests behind them.
    let step = format!("  steps = [\"{}#sha256={}\"]", former.0, former.1);
    workspace.configure(&declared(&server.at("current"), &digest_of("current"), &step));
    let plan = workspace.plan().changes_something();
    assert_eq!(plan.warnings(), Vec::<String>::new());
    workspace.apply_plan().succeeds();
    assert!(results(&workspace.attributes(ADDRESS)).iter().any(|it| it.contains("of 1.11.5")));
    workspace.plan().changes_nothing();

    // What it would say of a file it says of an address, too.
    workspace.configure(&declared(&former.0, &former.1, ""));
    let back = workspace.plan().changes_something().warnings();
    assert!(back.len() == 1 && back[0].contains("go back from 1.11.5 to 1.10.2"), "{back:#?}");
    drop(server);
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn an_address_that_does_not_do_is_told_at_its_attribute() {
    let _cluster = Cluster::empty();
    let (server, workspace) = (Server::start(), workspace());
    let told = |configuration: &str| {
        workspace.configure(configuration);
        workspace.plan().fails()
    };
    let address = server.at("current");
    assert!(told(&installed(&address, "")).contains("no digest is declared"));
    assert!(told(&declared(&address.replace("https", "http"), &digest_of("current"), "")).contains("without TLS"));
    assert!(told(&declared(&address, &digest_of("current"), "  steps = [\"https://a.test/b\"]")).contains("#sha256="));
    let other = told(&declared(&address, &digest_of("former"), ""));
    assert!(other.contains("BERTH-CM-006") && other.contains(&digest_of("current")), "{other}");
    let gone = told(&declared(&server.at("none"), &digest_of("current"), ""));
    assert!(gone.contains("BERTH-CM-019") && gone.contains("404") && gone.contains("correct the address"), "{gone}");
    let version = told(&declared(&address, &digest_of("current"), "  version = \"1.12.0\""));
    assert!(version.contains("is of version 1.11.5, and 1.12.0 is declared"), "{version}");

    // Whom nobody vouches for, and who does not answer, may do so when it is applied.
    let stranger = Workspace::new(&declared(&address, &digest_of("current"), ""));
    let warned = stranger.plan().changes_something().warnings();
    assert!(warned[0].contains("BERTH-CM-019") && warned[0].contains("SSL_CERT_FILE"), "{warned:#?}");
    let errors = stranger.apply_plan().fails();
    assert!(errors.contains("BERTH-CM-019") && errors.contains("SSL_CERT_FILE"), "{errors}");
    workspace.configure(&declared(&address, &digest_of("current"), ""));
    workspace.plan().changes_something();
    drop(server);
    let errors = workspace.apply_plan().fails();
    assert!(errors.contains("BERTH-CM-019") && !errors.contains("inconsistent"), "{errors}");
    assert!(workspace.instance(ADDRESS).is_none(), "nothing was begun");
    let offline = declared(&address, &digest_of("current"), "") + "provider \"berth\" {\n  offline = true\n}\n";
    workspace.configure(&offline);
    assert_eq!(workspace.plan().changes_something().warnings(), Vec::<String>::new());
}
