//! The provider or its host killed, or the run interrupted, at each write of a create: nothing is lost, nothing is there twice,
//! the next apply goes on, and a destroy leaves nothing.

use super::subjects::{Subject, issuer, manifest, pull_secret, registry};
use crate::fault_proxy::Faults;
use crate::sandbox::{cluster, value};
use crate::workspace::{Cli, End, Workspace};

const ENDS: [End; 3] = [End::KillProvider, End::KillAll, End::Interrupt];

/// A subject whose cluster is reached through a proxy.
pub(super) struct Scene {
    pub(super) subject: Subject,
    pub(super) proxy: Faults,
    pub(super) workspace: Workspace,
}

impl Scene {
    pub(super) fn new(subject: Subject) -> Self {
        let (proxy, login) = (Faults::before_cluster(&[]), cluster());
        let trust = value("SANDBOX_ACME_CA_FILE");
        let way = format!(
            "provider \"berth\" {{\n  kubernetes = {{ host = \"{}\", token = \"{}\", cluster_ca_certificate = file(\"{trust}\") }}\n",
            proxy.url(),
            login.token
        );
        let configuration = subject.declared(&["it"]).replacen("provider \"berth\" {\n", &way, 1);
        let workspace = subject.workspace(&Cli::terraform(), &configuration);
        Self { subject, proxy, workspace }
    }

    /// Ends a create at the call of that number among those that hold the text.
    fn ends_at(&mut self, call: &str, number: usize, kind: &str, end: End) {
        let before = self.proxy.held();
        for _ in 0..number {
            self.proxy.once(&format!("{call}:pass"));
        }
        self.proxy.once(&format!("{call}:{kind}"));
        let running = self.workspace.start_apply();
        running.wait_until(|| self.proxy.held() > before, &format!("{call} {number}"));
        running.end_by(end);
    }

    /// Applies again. Where the state never heard of what was finished, the refusal says how to go on, and that does.
    fn goes_on(&self, step: &str) {
        self.workspace.go_on(&self.subject.address("it"), &self.subject.import_id, step);
        self.subject.stands(step);
        self.workspace.plan().changes_nothing();
        self.workspace.destroy().succeeds();
        self.subject.is_gone(step);
    }
}

/// Ends a create at each of `calls` writes of a kind, before and after the server has done it.
fn survives(mut scene: Scene, call: &str, calls: usize) {
    for number in 0..calls {
        for kind in ["hold", "hold-after"] {
            let end = ENDS[(number * 2 + usize::from(kind == "hold")) % ENDS.len()];
            scene.ends_at(call, number, kind, end);
            scene.goes_on(&format!("{end:?} at {call} {number}, {kind}"));
        }
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_outlives_what_ends_its_create_at_each_write() {
    survives(Scene::new(registry()), "PATCH /", 7);
    survives(Scene::new(registry()), "PUT /apis/apps/v1", 1);
}

#[test]
#[ignore = "needs the sandbox"]
fn a_manifest_outlives_what_ends_its_create_at_each_write() {
    survives(Scene::new(manifest()), "PATCH /", 3);
    survives(Scene::new(manifest()), "PUT /", 1);
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn an_issuer_outlives_what_ends_its_create_at_each_write() {
    survives(Scene::new(issuer()), "PATCH /", 1);
    survives(Scene::new(issuer()), "PUT /", 1);
}

#[test]
#[ignore = "needs the sandbox"]
fn a_pull_secret_outlives_what_ends_its_create_at_each_write() {
    survives(Scene::new(pull_secret()), "PUT /api/v1", 1);
    survives(Scene::new(pull_secret()), "PATCH /", 1);
}
