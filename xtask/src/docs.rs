//! The reference in `docs/`, in the layout of the registries: generated, and checked not to be stale.

mod attributes;
mod causes;
mod codes;
mod examples;
mod folder;
mod guides;
mod render;
mod types;

use std::path::Path;

use anyhow::{Result, bail};
use berth::provider::Config;
use berth::sdk::{Model, Provider};

use examples::Examples;
use folder::{Folder, Page};
use render::{Index, Place, Renderer, Subject};

/// The command that the failing check names.
const COMMAND: &str = "cargo xtask docs";

/// Writes every page, and removes those that nothing is written for any more.
pub fn write() -> Result<()> {
    let (folder, pages) = (folder(), pages()?);
    for change in folder.differences(&pages)? {
        eprintln!("docs/{change}");
    }
    folder.write(&pages)
}

/// Fails if a page is missing, stale or left over.
pub fn check() -> Result<()> {
    let differences = folder().differences(&pages()?)?;
    if differences.is_empty() {
        return Ok(());
    }
    let listed: Vec<_> = differences.iter().map(|difference| format!("  docs/{difference}")).collect();
    bail!("the documentation is not that of the schema; run `{COMMAND}` and commit\n{}", listed.join("\n"))
}

fn folder() -> Folder {
    Folder::new(root().join("docs"))
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every page of the reference.
fn pages() -> Result<Vec<Page>> {
    let catalogue = berth::catalogue::catalogue();
    let examples = Examples::new(root().join("examples"));
    let renderer = Renderer::new()?;
    let mut pages = Vec::new();
    let mut index = Index::default();
    for r#type in catalogue.types() {
        let place = Place::of(r#type.kind());
        let subject = Subject::new(r#type, place, &examples)?;
        index.add(place.heading, &subject);
        pages.push(Page::new(
            format!("{}/{}.md", place.folder, short(r#type.name())),
            renderer.subject(place, &subject)?,
        ));
    }
    for function in catalogue.functions() {
        let (name, signature) = (function.name(), function.signature());
        index.add_function(name, &signature);
        let example = examples.function(name)?;
        pages.push(Page::new(format!("functions/{name}.md"), renderer.function(name, &signature, example)?));
    }
    let provider =
        renderer.index(berth::provider::Berth::DESCRIPTION, &Config::attributes(), examples.provider()?, &index)?;
    pages.push(Page::new("index.md", provider));
    pages.extend(codes::pages(&renderer)?);
    pages.push(causes::page(&renderer, root())?);
    pages.extend(guides::pages(&root().join("templates/guides"))?);
    Ok(pages)
}

/// A type's name without the provider's, as the registries name its page.
fn short(name: &str) -> &str {
    name.strip_prefix("berth_").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_catalogue_has_a_page() {
        let paths: Vec<_> = pages().expect("pages").into_iter().map(|page| page.path).collect();
        assert!(paths.contains(&"index.md".to_owned()));
        for r#type in berth::catalogue::catalogue().types() {
            let page = format!("{}/{}.md", Place::of(r#type.kind()).folder, short(r#type.name()));
            assert!(paths.contains(&page), "{page}");
        }
    }
}
