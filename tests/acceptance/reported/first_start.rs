//! The start that README.md shows, to the letter but for the name and the CA's address.

use std::fs;

use crate::kubectl::Namespace;
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

const STAGING: &str = "\"https://acme-staging-v02.api.letsencrypt.org/directory\"";

/// The first configuration of README.md, for a name of the sandbox and a namespace of the test.
fn shown(namespace: &str, name: &str, directory: &str) -> String {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, rest) = readme.split_once("```terraform\n").unwrap();
    let (configuration, _) = rest.split_once("```").unwrap();
    assert!(configuration.contains(STAGING), "{configuration}");
    let ca = format!("\"{}\", ca_file = \"{}\"", value(directory), value("SANDBOX_ACME_CA_FILE"));
    let configuration = &configuration[configuration.find("provider \"berth\"").unwrap()..];
    configuration
        .replace(STAGING, &ca)
        .replace("\"registry.example.com\"", &format!("\"{name}\""))
        .replace("namespace = \"registry\"", &format!("namespace = \"{namespace}\""))
}

#[test]
#[ignore = "needs the sandbox"]
fn the_start_of_the_readme_works_and_moves_on_to_another_ca() {
    for (number, cli) in Cli::all().iter().enumerate() {
        let namespace = Namespace::unused("start");
        let name = format!("start{number}.sandbox.test");
        let workspace = Workspace::on(cli, &shown(&namespace.0, &name, "SANDBOX_ACME_DIRECTORY"));
        let planned = workspace.plan().changes_something();
        let warned = planned.diagnostics().into_iter().filter(|shown| !shown.summary.contains("overrides"));
        assert_eq!(warned.map(|shown| shown.summary).collect::<Vec<_>>(), Vec::<String>::new());
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let first = workspace.attributes("berth_acme_account.this")["account_url"].clone();

        workspace.configure(&shown(&namespace.0, &name, "SANDBOX_ACME_ALTERNATE_DIRECTORY"));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert_ne!(workspace.attributes("berth_acme_account.this")["account_url"], first);
        workspace.destroy().succeeds();
        crate::kubectl::kubectl(&["delete", "namespace", &namespace.0, "--wait=false"]);
    }
}
