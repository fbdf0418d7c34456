//! The guides: pages that are written by hand, in `templates/guides`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::folder::Page;

/// Every guide, in the order of their names. The registries want a title and a heading in the front matter.
pub fn pages(folder: &Path) -> Result<Vec<Page>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut pages = entries.map(|entry| page(&entry?.path())).collect::<Result<Vec<_>>>()?;
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(pages)
}

fn page(path: &Path) -> Result<Page> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let whole = text.starts_with("---\npage_title: \"") && text.contains("\nsubcategory: \"");
    ensure!(whole, "{} must begin with page_title and subcategory between `---`", path.display());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Page::new(format!("guides/{name}"), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guide_is_a_page() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates/guides");
        let pages = pages(&folder).expect("the guides can be read");
        assert!(pages.iter().any(|page| page.path == "guides/least-privilege-for-ci.md"), "{pages:?}");
    }

    #[test]
    fn a_guide_without_front_matter_is_refused() {
        let path = std::env::temp_dir().join(format!("berth-guide-{}.md", std::process::id()));
        fs::write(&path, "# A guide\n").expect("write");
        let refused = page(&path).expect_err("no front matter").to_string();
        fs::remove_file(&path).expect("remove");
        assert!(refused.contains("page_title"), "{refused}");
    }
}
