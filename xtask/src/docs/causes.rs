//! The guide on troubleshooting: the closed list of causes, and a screen that a test has captured.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use berth::domain::diagnosis::Cause;
use minijinja::{Value, context};

use super::folder::Page;
use super::render::Renderer;

/// Where the acceptance test keeps what a person saw.
const SCREEN: &str = "tests/acceptance/diagnosis/screen.snap";

/// The page.
pub fn page(renderer: &Renderer, root: &Path) -> Result<Page> {
    let causes: Vec<_> = Cause::ALL.iter().copied().map(of_cause).collect();
    let screen = screen(root)?;
    let text = renderer.render("troubleshooting.md", context! { causes, screen })?;
    Ok(Page::new("guides/troubleshooting.md", text))
}

fn of_cause(cause: Cause) -> Value {
    let mut letters = cause.meaning().chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let sentence = format!("{first}{}.", letters.as_str());
    context! { code => cause.code(), meaning => cause.meaning(), sentence, seen => cause.seen(), remedy => cause.remedy() }
}

/// The screen, without the head of the snapshot.
fn screen(root: &Path) -> Result<String> {
    let path = root.join(SCREEN);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let body = text.splitn(3, "---\n").nth(2).unwrap_or_default();
    Ok(body.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_stands_on_the_page() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let page = Renderer::new().and_then(|renderer| page(&renderer, &root)).expect("the page");
        for cause in Cause::ALL {
            assert!(page.text.contains(&format!("\n### {}\n", cause.code())), "{}", cause.code());
            assert!(page.text.contains(cause.remedy()), "{}", cause.code());
        }
    }
}
