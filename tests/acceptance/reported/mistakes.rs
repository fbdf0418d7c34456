//! Mistakes that people make, one file each in `mistakes/`: which command tells them first, in which words, and how long
//! berth waits before it does.
//!
//! A file begins with the mistake, the command that tells of it, and, where berth may wait longer than [`AT_MOST`], for how
//! long and why. A line `# then` divides what is applied before from the mistake, and `# remedy` what the next step of the
//! message comes to, each with commands as lines `# $ kubectl …`, `# forget ADDRESS` or `# import ADDRESS ID`. The words
//! stand in a `.snap` beside. The variable `MISTAKE` picks files by a part of their name.

mod scene;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use crate::workspace::{Run, Shown, Workspace};

use scene::Scene;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acceptance/reported/mistakes");
/// How many seconds berth may pause in all before it tells of what cannot heal.
const AT_MOST: f64 = 5.0;

/// One file.
struct Mistake {
    name: String,
    told: String,
    at_most: f64,
    /// What is applied before, and the mistake itself.
    steps: Vec<String>,
    /// What follows from the next step of the message.
    remedy: Option<String>,
}

impl Mistake {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let after = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
        let waits = after("# waits:").map(|waits| waits.split(' ').next().unwrap().parse().unwrap());
        let (steps, remedy) =
            text.split_once("# remedy\n").map_or((text.as_str(), None), |(it, other)| (it, Some(other)));
        Self {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            told: after("# told:").expect("it says when it is told").to_owned(),
            at_most: waits.unwrap_or(AT_MOST),
            steps: steps.split("# then\n").map(str::to_owned).collect(),
            remedy: remedy.map(str::to_owned),
        }
    }

    /// All of a folder's files whose name begins so.
    fn all(prefix: &str) -> Vec<Self> {
        let only = std::env::var_os("MISTAKE").and_then(|name| name.into_string().ok()).unwrap_or_default();
        let files = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|it| it == "tf")).collect();
        files.sort();
        let mistakes = files.iter().map(|path| Self::read(path));
        mistakes.filter(|it| it.name.starts_with(prefix) && it.name.contains(&only)).collect()
    }

    fn scene(&self) -> Scene {
        Scene::for_what(&format!("{}{}", self.steps.concat(), self.remedy.as_deref().unwrap_or_default()))
    }

    /// Makes it; gives what was told, by each command until one fails, and how many seconds berth paused.
    fn made(&self, scene: &Scene) -> (Vec<(&'static str, Run)>, f64) {
        let (mistake, before) = self.steps.split_last().unwrap();
        let workspace = &scene.workspace;
        for step in before {
            scene.configure(step);
            workspace.apply().succeeds();
        }
        scene.configure(mistake);
        let quiet = pauses(workspace);
        let mut runs = Vec::new();
        let commands = [Workspace::validate as fn(&Workspace) -> Run, Workspace::plan, Workspace::apply_plan];
        for (name, run) in ["validate", "plan", "apply"].into_iter().zip(commands) {
            runs.push((name, run(workspace)));
            if !runs.last().unwrap().1.is_success() {
                break;
            }
        }
        (runs, pauses(workspace) - quiet)
    }

    /// The next step helps: after it an apply succeeds, a plan is empty and silent, and a destroy leaves nothing.
    fn is_mended(&self, scene: &Scene) {
        let workspace = &scene.workspace;
        if let Some(remedy) = &self.remedy {
            scene.configure(remedy);
            workspace.apply().succeeds();
            let plan = workspace.plan().changes_nothing();
            assert!(plan.diagnostics().iter().all(|shown| !is_ours(&shown.detail)), "{plan}");
        }
        workspace.destroy();
        scene.assert_empty();
    }
}

fn is_ours(detail: &str) -> bool {
    detail.contains("Code: BERTH-")
}

/// How many seconds berth has paused, by its own log.
fn pauses(workspace: &Workspace) -> f64 {
    let log = workspace.log();
    let lines = log.lines().filter(|line| line.contains(": pausing"));
    let seconds =
        lines.filter_map(|line| line.split("seconds=").nth(1)?.split_whitespace().next()?.parse::<f64>().ok());
    seconds.sum()
}

/// What a command told, in full.
fn words(command: &str, run: &Run) -> String {
    let outcome = if run.is_success() { "goes on" } else { "fails" };
    let told = run.diagnostics().into_iter().filter(|shown| !shown.summary.contains("development overrides"));
    let mut told: Vec<String> = told.map(|shown| in_full(&shown)).collect();
    // Those of several resources come in any order.
    told.sort();
    format!("== {command} {outcome}\n{}", told.concat())
}

fn in_full(shown: &Shown) -> String {
    let (address, line) = (shown.address.as_deref(), shown.line.as_deref());
    format!(
        "\n{}: {}\n(at {}, {})\n{}\n",
        shown.severity,
        shown.summary,
        address.unwrap_or("no resource"),
        line.unwrap_or("no line"),
        shown.detail
    )
}

/// Which command told something first.
fn teller(runs: &[(&'static str, Run)]) -> &'static str {
    let tells = |run: &Run| !run.is_success() || run.diagnostics().iter().any(|shown| is_ours(&shown.detail));
    runs.iter().find(|(_, run)| tells(run)).map_or("none", |(command, _)| command)
}

/// A message of ours has a next step and a code.
fn assert_complete(runs: &[(&'static str, Run)]) {
    for shown in runs.iter().flat_map(|(_, run)| run.diagnostics()) {
        let is_told = ["Object: ", "Next: ", "Code: BERTH-"].iter().any(|part| shown.detail.contains(part));
        assert!(!is_told || (shown.detail.contains("Next: ") && is_ours(&shown.detail)), "{shown:?}");
    }
}

fn is_told(mistake: &Mistake) -> String {
    let begun = Instant::now();
    let scene = mistake.scene();
    let (runs, paused) = mistake.made(&scene);
    let row = format!(
        "{:45} {:9} {:6.1} s, of them {paused:5.1} s of pauses",
        mistake.name,
        teller(&runs),
        begun.elapsed().as_secs_f64()
    );
    let text: Vec<String> = runs.iter().map(|(command, run)| words(command, run)).collect();
    scene.assert_told(FOLDER, &mistake.name, &text.join("\n"));
    assert_eq!(teller(&runs), mistake.told, "{}", text.join("\n"));
    assert_complete(&runs);
    assert!(paused <= mistake.at_most, "{} paused for {paused} s", mistake.name);
    mistake.is_mended(&scene);
    row
}

/// Makes each mistake, says of all that were not told as they should, and prints a table.
fn are_told(prefix: &str) {
    let made = Mistake::all(prefix).into_iter().map(|mistake| {
        let told = catch_unwind(AssertUnwindSafe(|| is_told(&mistake)));
        told.map_or_else(|_| (format!("{:45} NOT TOLD", mistake.name), false), |row| (row, true))
    });
    let rows: Vec<_> = made.collect();
    let table: Vec<&str> = rows.iter().map(|(row, _)| row.as_str()).collect();
    eprintln!("{}", table.join("\n"));
    assert!(rows.iter().all(|(_, is_well)| *is_well), "{}", table.join("\n"));
}

#[test]
#[ignore = "needs the sandbox"]
fn mistakes_in_names_and_roles_are_told_soon() {
    are_told("names-");
}

#[test]
#[ignore = "needs the sandbox"]
fn mistakes_in_certificates_are_told_soon() {
    are_told("certificates-");
}

#[test]
#[ignore = "needs the sandbox"]
fn mistakes_in_registries_and_logins_to_the_cluster_are_told_soon() {
    are_told("registries-0");
}

#[test]
#[ignore = "needs the sandbox"]
fn mistakes_in_what_a_registry_needs_are_told_soon() {
    are_told("registries-1");
}

#[test]
#[ignore = "needs the sandbox"]
fn mistakes_in_what_a_registry_offers_are_told_soon() {
    are_told("registries-2");
}

#[test]
#[ignore = "needs the sandbox"]
fn mistakes_in_logins_are_told_soon() {
    are_told("logins-");
}
