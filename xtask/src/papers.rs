//! The papers at the top of the project keep their word: what they name and link to exists.

use std::fs;
use std::path::{Path, PathBuf};

const PAPERS: [&str; 6] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "examples/pipeline/README.md",
    "examples/terragrunt/README.md",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The papers and all guides.
fn papers() -> Vec<String> {
    let guides = fs::read_dir(root().join("docs/guides")).expect("the guides");
    let guides = guides.map(|guide| format!("docs/guides/{}", guide.expect("a guide").file_name().display()));
    PAPERS.into_iter().map(str::to_owned).chain(guides).collect()
}

fn text_of(paper: &str) -> String {
    fs::read_to_string(root().join(paper)).expect("the paper can be read")
}

/// The Rust sources below a folder, in one text.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.fold(String::new(), |mut all, path| {
        if path.is_dir() {
            all += &sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all += &fs::read_to_string(&path).expect("a source");
        }
        all
    })
}

/// The names of tests in the last table of the architecture: words in backticks with at least three underscores.
fn named_tests(text: &str) -> Vec<&str> {
    let words = text.split('`').skip(1).step_by(2);
    words.filter(|word| word.matches('_').count() >= 3 && !word.contains(char::is_whitespace)).collect()
}

#[test]
fn the_architecture_names_tests_that_exist() {
    let code: String = ["src", "tests", "crates", "xtask/src"].map(|folder| sources(&root().join(folder))).concat();
    let text = text_of("ARCHITECTURE.md");
    let (_, table) = text.split_once("## What holds the rules").expect("the table of rules");
    let named = named_tests(table);
    assert!(named.len() > 10, "{named:?}");
    let missing: Vec<_> = named.into_iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names tests that do not exist: {missing:?}");
}

/// Whether a link leads to a file, and to a heading of it if it names one.
fn leads_somewhere(folder: &Path, target: &str) -> bool {
    let (file, heading) = target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
    match (fs::read_to_string(folder.join(file)), heading) {
        (Ok(text), Some(heading)) => {
            let marked = format!("id=\"{heading}\"");
            text.contains(&marked) || text.lines().filter_map(anchor).any(|anchor| anchor == heading)
        }
        _ => heading.is_none() && folder.join(file).exists(),
    }
}

/// The anchor that readers of Markdown give a heading.
fn anchor(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    Some(kept.map(|c| if c == ' ' { '-' } else { c }).collect())
}

#[test]
fn the_links_of_the_papers_lead_somewhere() {
    let mut broken = Vec::new();
    for paper in papers() {
        let text = text_of(&paper);
        let folder = root().join(&paper).parent().expect("a folder").to_owned();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with('#')) {
            if !leads_somewhere(&folder, target) {
                broken.push(format!("{paper}: {target}"));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere: {broken:?}");
}

#[test]
fn a_heading_that_is_not_there_is_no_place() {
    let guides = root().join("docs/guides");
    assert!(leads_somewhere(&guides, "errors-dns.md#berth-dns-003"));
    assert!(!leads_somewhere(&guides, "errors-dns.md#berth-dns-999"));
    assert!(!leads_somewhere(&guides, "errors-nowhere.md"));
}
