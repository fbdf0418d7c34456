//! The pages of the error codes: one a family, and one with all of them.

use anyhow::Result;
use berth::codes::{Again, Code, FAMILIES, Family, all};
use minijinja::{Value, context};

use super::folder::Page;
use super::render::Renderer;

/// Every page about codes.
pub fn pages(renderer: &Renderer) -> Result<Vec<Page>> {
    let mut pages = vec![Page::new("guides/error-codes.md", renderer.render("error-codes.md", index())?)];
    for family in FAMILIES {
        let text = renderer.render("errors.md", of_family(family))?;
        pages.push(Page::new(format!("guides/{}", page(family)), text));
    }
    Ok(pages)
}

fn page(family: &Family) -> String {
    format!("errors-{}.md", family.name.to_ascii_lowercase())
}

fn index() -> Value {
    let families: Vec<_> = FAMILIES.iter().map(of_family).collect();
    let passing = all().filter(|code| may_help(code)).map(|code| code.code).collect::<Vec<_>>().join("\n");
    context! { families, passing }
}

fn of_family(family: &Family) -> Value {
    let codes: Vec<_> = family.codes().into_iter().map(of_code).collect();
    context! { name => family.name, title => family.title, page => page(family), codes }
}

fn of_code(code: &Code) -> Value {
    let Code { code: name, meaning, remedy, .. } = *code;
    // The anchor that Markdown's readers make of the heading.
    context! { code => name, meaning, remedy, may_help => may_help(code), anchor => name.to_ascii_lowercase() }
}

fn may_help(code: &Code) -> bool {
    code.again == Again::MayHelp
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_on_its_familys_page_and_among_all() {
        let pages = Renderer::new().and_then(|renderer| pages(&renderer)).expect("the pages");
        let page = |path: &str| &pages.iter().find(|page| page.path == format!("guides/{path}")).expect("a page").text;
        let index = page("error-codes.md");
        for family in FAMILIES {
            for code in family.codes() {
                let own = page(&super::page(family));
                assert!(own.contains(&format!("\n## {}\n\n{}\n", code.code, code.meaning)), "{}", code.code);
                let again = if may_help(code) { "may help" } else { "no" };
                let row = format!("| [{}]({}#", code.code, super::page(family));
                let row = index.lines().find(|line| line.starts_with(&row)).expect("a row");
                assert!(row.ends_with(&format!("| {again} |")), "{row}");
            }
        }
    }
}
