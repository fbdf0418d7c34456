//! Installs and upgrades that are killed or interrupted at any of their writes: the next apply goes on.

use crate::fault_proxy::Faults;
use crate::kubectl::{kubectl_ok, object};
use crate::workspace::{End, Workspace};

use super::{ADDRESS, Cluster, broken, image_of, installed, release};

/// An installation whose cluster is reached through a proxy.
struct Scene {
    proxy: Faults,
    workspace: Workspace,
}

impl Scene {
    fn new() -> Self {
        Self { proxy: Faults::before_cluster(&[]), workspace: Workspace::new("") }
    }

    fn declare(&self, name: &str) {
        let way = format!("provider \"berth\" {{\n  kubernetes = {}\n}}\n", self.proxy.kubernetes_block());
        self.workspace.configure(&(way + &installed(&release(name), "  wait = false")));
    }

    /// Ends an apply at its write of that number.
    fn ends_at(&mut self, number: usize, kind: &str, end: End) {
        let before = self.proxy.held();
        for _ in 0..number {
            self.proxy.once("PATCH /:pass");
        }
        self.proxy.once(&format!("PATCH /:{kind}"));
        let running = self.workspace.start_apply();
        running.wait_until(|| self.proxy.held() > before, &format!("write {number}"));
        running.end_by(end);
    }

    /// Applies again. Where the state never heard of what was finished, the refusal says how to go on, and that does.
    #[track_caller]
    fn goes_on(&self, version: &str, step: &str) {
        self.workspace.go_on(ADDRESS, "cert-manager", step);
        assert!(image_of("cert-manager").ends_with(version), "{step}: {}", image_of("cert-manager"));
        self.workspace.plan().changes_nothing();
    }
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn an_install_that_is_cut_short_goes_on_with_the_next_apply() {
    let _cluster = Cluster::empty();
    let mut scene = Scene::new();
    scene.declare("current");
    let moments =
        [(0, "hold-after", End::KillAll), (20, "hold", End::Interrupt), (44, "hold-after", End::KillProvider)];
    for (number, kind, end) in moments {
        scene.ends_at(number, kind, end);
        scene.goes_on(":v1.11.5", &format!("{end:?} at {number}, {kind}"));
        scene.workspace.destroy().succeeds();
        assert!(object("", "namespace", "cert-manager").is_none(), "{end:?} at {number}, {kind}: something is left");
    }
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn an_upgrade_that_is_cut_short_goes_on_or_back() {
    let _cluster = Cluster::empty();
    let mut scene = Scene::new();
    scene.declare("former");
    scene.workspace.apply().succeeds();
    scene.declare("current");
    scene.ends_at(42, "hold-after", End::KillProvider);
    scene.goes_on(":v1.11.5", "killed");
    scene.declare("former");
    scene.workspace.apply().succeeds();

    // What is interrupted is rolled back, and planned again.
    scene.declare("current");
    scene.ends_at(42, "hold-after", End::Interrupt);
    assert!(image_of("cert-manager").ends_with(":v1.10.2"), "{}", image_of("cert-manager"));
    assert_eq!(scene.workspace.attributes(ADDRESS)["version"], "1.10.2");
    scene.goes_on(":v1.11.5", "interrupted");

    // Cut short and given up: it is as it was.
    scene.declare("former");
    scene.workspace.apply().succeeds();
    scene.declare("current");
    scene.ends_at(42, "hold-after", End::KillAll);
    scene.declare("former");
    scene.goes_on(":v1.10.2", "given up");
    scene.workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn there_is_no_way_back_to_a_mixture_of_two_releases() {
    let _cluster = Cluster::empty();
    let mut scene = Scene::new();
    scene.declare("former");
    scene.workspace.apply().succeeds();
    scene.declare("current");
    scene.ends_at(42, "hold-after", End::KillAll);
    scene.workspace.write("broken.yaml", &broken());
    let way = format!("provider \"berth\" {{\n  kubernetes = {}\n}}\n", scene.proxy.kubernetes_block());
    let more = "  timeouts = { update = \"20s\" }";
    scene.workspace.configure(&(way + &installed("broken.yaml", more)));
    let errors = scene.workspace.apply().fails();
    assert!(errors.contains("a mixture of 1.10.2 and 1.11.5"), "{errors}");
    scene.declare("former");
    scene.goes_on(":v1.10.2", "declared again");
    scene.workspace.destroy().succeeds();
    kubectl_ok(&["get", "crd", "issuers.cert-manager.io"]);
}
