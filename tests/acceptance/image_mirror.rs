//! `berth_image_mirror` between two real registries, looked at by skopeo.

mod law;
mod pods;

use crate::images::scene::Scene;
use crate::workspace::{Cli, Workspace};

/// A registry with images, and one that mirrors them.
struct Two {
    from: Scene,
    to: Scene,
}

impl Two {
    fn new() -> Self {
        Self { from: Scene::new(), to: Scene::new() }
    }

    /// The provider block with logins to both.
    fn provider(&self) -> String {
        self.from.provider_of_both(&self.to)
    }

    fn configured(&self, rest: &str) -> String {
        self.provider() + rest
    }

    fn workspace(&self, cli: &Cli, rest: &str) -> Workspace {
        let workspace = self.from.workspace(cli, "");
        workspace.configure(&self.configured(rest));
        workspace
    }

    /// Has a tag of the source stand for another image; gives its digest.
    fn puts(&self, name: &str, content: &str) -> String {
        let (layout, _) = self.from.layout(content, &["linux/amd64"], 70_000);
        self.from.pushes(&layout, name);
        self.from.digest(name).unwrap()
    }

    /// The same with an image for these platforms, whose layers stay as large as they are.
    fn puts_whole(&self, name: &str, platforms: &[&str], size: usize) -> String {
        let (layout, digest) = self.from.layout("whole", platforms, size);
        self.from.pushes_whole(&layout, name);
        digest
    }

    /// A mirror of images that the source has.
    fn mirror(&self, images: &[&str], rest: &str) -> String {
        let names: Vec<String> = images.iter().map(|name| format!("\"{}\"", self.from.name(name))).collect();
        declared("x", &self.to.name("m"), &format!("images = [{}]\n  {rest}", names.join(", ")))
    }

    /// What an image of the source is called in the mirror, in its registry.
    fn called(&self, name: &str) -> String {
        format!("m/{}/{name}", self.from.registry.place.replace(':', "-"))
    }

    fn mirrored(&self, name: &str) -> Option<String> {
        self.to.digest(&self.called(name))
    }
}

fn declared(name: &str, destination: &str, rest: &str) -> String {
    format!("resource \"berth_image_mirror\" \"{name}\" {{\n  destination = \"{destination}\"\n  {rest}\n}}\n")
}

const MIRROR: &str = "berth_image_mirror.x";

#[test]
#[ignore = "needs the sandbox"]
fn a_set_is_copied_kept_in_step_imported_and_given_up() {
    for cli in Cli::all() {
        let two = Two::new();
        let (app, tool) = (two.puts("team/app:1", "app"), two.puts("tool:2", "tool"));
        let workspace = two.workspace(&cli, &two.mirror(&["team/app:1", "tool:2"], ""));
        let plan = workspace.plan().changes_something();
        assert_eq!(plan.warnings(), Vec::<String>::new());
        let called = two.to.name(&two.called("team/app:1"));
        assert_eq!(workspace.planned("mapping")[&two.from.name("team/app:1")], called);
        workspace.apply_plan().succeeds();
        assert_eq!((two.mirrored("team/app:1"), two.mirrored("tool:2")), (Some(app), Some(tool.clone())));
        two.to.pulls(&two.called("team/app:1"));
        workspace.plan().changes_nothing();

        // A tag of the source moves, one of the mirror goes: both are set right, and nothing else is touched.
        let newer = two.puts("team/app:1", "newer");
        workspace.plan().changes_something();
        assert_eq!(workspace.planned("copies")[&two.from.name("team/app:1")]["digest"], newer);
        // What moves after the plan waits for the next one.
        let newest = two.puts("team/app:1", "newest");
        workspace.apply_plan().succeeds();
        assert_eq!(two.mirrored("team/app:1"), Some(newer));
        workspace.apply().succeeds();
        assert_eq!(two.mirrored("team/app:1"), Some(newest.clone()));
        let newer = newest;
        two.to.removes(two.called("tool").as_str(), "2");
        assert_eq!(workspace.plan().changes(), [(MIRROR.to_owned(), "update".to_owned())]);
        workspace.apply_plan().succeeds();
        assert_eq!(two.mirrored("tool:2"), Some(tool));
        workspace.plan().changes_nothing();

        let id = ["", "team/app:1", "tool:2"]
            .map(|name| if name.is_empty() { two.to.name("m") } else { two.from.name(name) });
        workspace.run(&["state", "rm", MIRROR]).succeeds();
        workspace.import(MIRROR, &id.join(",")).succeeds();
        workspace.plan().changes_nothing();

        // What leaves the set stays, and so does what is destroyed, unless it is told otherwise.
        let pinned = format!("team/app@{newer}");
        workspace.configure(&two.configured(&two.mirror(&[&pinned], "")));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert!(two.mirrored("tool:2").is_some() && two.mirrored("team/app:1").is_some());
        let mapped = workspace.attributes(MIRROR)["mapping"][&two.from.name(&pinned)].clone();
        assert_eq!(mapped, two.to.name(&two.called(&pinned)), "by its digest");
        assert_eq!(two.mirrored(&format!("team/app:digest-{}", &newer[7..])), Some(newer));
        workspace.destroy().succeeds();
        assert!(two.mirrored(&pinned).is_some());
        workspace.configure(&two.configured(&two.mirror(&["team/app:1", "tool:2"], "delete_on_destroy = true")));
        workspace.apply().succeeds();
        workspace.configure(&two.configured(&two.mirror(&["tool:2"], "delete_on_destroy = true")));
        workspace.apply().succeeds();
        assert!(two.mirrored("team/app:1").is_none() && two.mirrored("tool:2").is_some());
        workspace.destroy().succeeds();
        assert_eq!(two.mirrored("tool:2"), None);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_fails_is_told_together_and_the_rest_is_done() {
    let mut two = Two::new();
    let (app, _) = (two.puts("app:1", "app"), two.puts("tool:2", "tool"));
    let workspace = two.workspace(&Cli::terraform(), &two.mirror(&["app:1", "gone:1", "lost:1"], ""));
    let warnings = workspace.plan().changes_something().warnings().concat();
    assert!(
        warnings.contains("BERTH-OCI-014") && warnings.contains("gone:1") && warnings.contains("lost:1"),
        "{warnings}"
    );
    let errors = workspace.apply_plan().fails();
    assert!(
        errors.contains("BERTH-OCI-005") && errors.contains("2 of 3 images failed") && errors.contains("lost:1"),
        "{errors}"
    );
    assert_eq!(two.mirrored("app:1"), Some(app));
    let kept = workspace.attributes(MIRROR)["copies"].as_object().unwrap().len();
    assert_eq!(kept, 1, "what was done is in the state");

    workspace.configure(&two.configured(&two.mirror(&["app:1", "tool:2"], "delete_on_destroy = true")));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();

    // What leaves stays until all that comes is there; another spelling of a name is the same image.
    workspace.configure(&two.configured(&two.mirror(&["app:2", "tool:2"], "delete_on_destroy = true")));
    assert!(workspace.apply().fails().contains("app:2"));
    assert!(two.mirrored("app:1").is_some());
    let app = two.puts("app:2", "second");
    workspace.apply().succeeds();
    assert_eq!((two.mirrored("app:1"), two.mirrored("app:2")), (None, Some(app)));
    workspace.plan().changes_nothing();

    // All is to be looked through again, and one fails: it is not forgotten.
    workspace.configure(&two.configured(&two.mirror(&["app:2", "tool:2"], "platforms = [\"linux/arm64\"]")));
    assert!(workspace.apply().fails().contains("linux/arm64"));
    workspace.configure(&two.configured(&two.mirror(&["app:2", "tool:2"], "")));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();

    // A source that is away keeps what was mirrored.
    two.from.registry.stop();
    let plan = workspace.plan().changes_nothing();
    assert!(plan.warnings().concat().contains("BERTH-OCI-021"), "{:?}", plan.warnings());
}

#[test]
#[ignore = "needs the sandbox"]
fn platforms_are_chosen_and_paths_without_hosts_are_refused_together() {
    let two = Two::new();
    let index = two.puts_whole("app:1", &["linux/amd64", "linux/arm64"], 9000);
    let workspace = two.workspace(&Cli::terraform(), &two.mirror(&["app:1"], "platforms = [\"linux/arm64\"]"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let copied = workspace.attributes(MIRROR)["copies"][&two.from.name("app:1")].clone();
    assert_eq!(copied["source_digest"], index);
    assert_eq!(copied["digest"].as_str(), two.mirrored("app:1").as_deref());
    assert_ne!(copied["digest"], index);
    workspace.configure(&two.configured(&two.mirror(&["app:1"], "")));
    workspace.apply().succeeds();
    assert_eq!(two.mirrored("app:1"), Some(index));
    workspace.plan().changes_nothing();
    let missing = two.mirror(&["app:1"], "platforms = [\"windows/amd64\"]");
    workspace.configure(&two.configured(&missing));
    assert!(workspace.apply().fails().contains("windows/amd64"));

    let together = declared("x", "hub.test/m", "images = [\"nginx\", \"ghcr.io/library/nginx\"]\n  keep_host = false");
    workspace.configure(&two.configured(&together));
    assert!(workspace.validate().fails().contains("would both lie at `hub.test/m/library/nginx:latest`"));
    workspace.configure(&two.configured(&declared("x", "hub.test/m", "")));
    assert!(workspace.validate().fails().contains("The mirror has no images"));
}
