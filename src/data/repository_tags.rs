//! `berth_repository_tags`: the tags of a repository, and the newest version among them.

use crate::clients::oci::Subject;
use crate::domain::image::ImageReference;
use crate::domain::oci::versions::{Constraint, is_long_number, version_of};
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::sdk::{Check, Computed, Data, Meta, Model, ReadTimeouts, Result, check};

/// The data source.
pub struct RepositoryTags;

/// What is asked and found.
#[derive(Clone, Debug, Model)]
pub struct RepositoryTagsModel {
    /// The repository, as `HOST/PATH`; also of charts, with or without `oci://`.
    #[attr(check = repository())]
    pub repository: String,
    /// Only tags that are versions within this constraint, written as for a module: `~> 1.2`, `>= 1.0, < 2.0`. A version before a
    /// release (`1.0.0-rc.1`) is only found if it is named exactly.
    #[attr(check = constraint())]
    pub constraint: Option<String>,
    /// The tags that are asked for: versions first, the newest at the front, then all others by name. With `constraint`, versions alone.
    pub tags: Computed<Vec<String>>,
    /// The tag of the newest version, without those before a release unless `constraint` names one; null if there is none.
    pub latest: Computed<String>,
    /// How long reading may take.
    pub timeouts: Option<ReadTimeouts>,
}

/// The repository that a text names.
fn parsed(text: &str) -> std::result::Result<ImageReference, String> {
    let image = match text.strip_prefix("oci://") {
        Some(bare) => ImageReference::at_host(bare),
        None => text.parse(),
    };
    let image = image.map_err(|fault| format!("must be of the form `HOST/PATH`, and {fault}"))?;
    if image.tag.is_some() || image.digest.is_some() {
        return Err(format!("must be of the form `HOST/PATH`, without tag and digest, and is `{text}`"));
    }
    Ok(image)
}

fn repository() -> Check {
    check::text("must be of the form `HOST/PATH`", |text| parsed(text).map(|_| ()))
}

fn constraint() -> Check {
    check::text("must be a constraint such as `~> 1.2`", |text| {
        text.parse::<Constraint>().map(|_| ()).map_err(|fault| format!("must be a constraint, and {fault}"))
    })
}

impl Data<Berth> for RepositoryTags {
    type Model = RepositoryTagsModel;

    const NAME: &'static str = "berth_repository_tags";

    const META: Meta = Meta::new(
        "Images and charts",
        "The tags of a repository, with the newest version among them. All pages of the registry's list are read.",
    );

    async fn read(&self, cx: &Cx, model: &mut RepositoryTagsModel) -> Result<()> {
        let what = format!("Cannot list the tags of `{}`", model.repository);
        let wrong = |why: String| {
            Explanation::new("BERTH-OCI-001", &*what).next(format!("the repository {why}")).at("repository")
        };
        let named = parsed(&model.repository).map_err(wrong)?;
        let registry = cx.provider().oci((&named.registry, &named.repository), "repository").await?;
        let subject = Subject { registry: &named.registry, attribute: "repository", has_login: registry.has_login() };
        let tags = registry.tags(cx.budget(), &named.repository).await;
        let tags = tags.map_err(|error| error.explain(&*what, subject))?;
        let constraint = model.constraint.as_deref().and_then(|text| text.parse::<Constraint>().ok());
        let (tags, latest) = sorted(tags, constraint.as_ref());
        model.tags.set(tags);
        model.latest.set(latest);
        Ok(())
    }
}

/// The tags in order, and the newest version.
fn sorted(tags: Vec<String>, constraint: Option<&Constraint>) -> (Vec<String>, Option<String>) {
    let (mut versions, mut others) = (Vec::new(), Vec::new());
    // Who writes versions with dots means dates and commits by long numbers.
    let has_dots = tags.iter().any(|tag| tag.contains('.') && version_of(tag).is_some());
    for tag in tags {
        match version_of(&tag).filter(|_| !(has_dots && is_long_number(&tag))) {
            Some(version) => versions.push((version, tag)),
            None => others.push(tag),
        }
    }
    versions.sort_by(|(one, a), (other, b)| other.cmp_precedence(one).then_with(|| a.cmp(b)));
    others.sort();
    if let Some(constraint) = constraint {
        versions.retain(|(version, _)| constraint.allows(version));
        others.clear();
    }
    let released = |(version, _): &&(semver::Version, String)| constraint.is_some() || version.pre.is_empty();
    let latest = versions.iter().find(released).map(|(_, tag)| tag.clone());
    (versions.into_iter().map(|(_, tag)| tag).chain(others).collect(), latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first_and_others_last() {
        let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        let all = tags(&["latest", "1.9.0", "v1.10.0", "2.0.0-rc.1", "main", "1.9.1"]);
        let (sorted_tags, latest) = sorted(all.clone(), None);
        assert_eq!(sorted_tags, tags(&["2.0.0-rc.1", "v1.10.0", "1.9.1", "1.9.0", "latest", "main"]));
        assert_eq!(latest.as_deref(), Some("v1.10.0"));
        let constraint: Constraint = "~> 1.9.0".parse().unwrap();
        assert_eq!(sorted(all, Some(&constraint)), (tags(&["1.9.1", "1.9.0"]), Some("1.9.1".to_owned())));
        assert_eq!(sorted(Vec::new(), None), (Vec::new(), None));
        let dated = tags(&["20240115", "1.4.2", "4158742", "2024.01.15", "7"]);
        let constraint: Constraint = ">= 1.4".parse().unwrap();
        assert_eq!(sorted(dated.clone(), None).0, tags(&["7", "1.4.2", "2024.01.15", "20240115", "4158742"]));
        assert_eq!(sorted(dated, Some(&constraint)).0, tags(&["7", "1.4.2"]));
        assert_eq!(sorted(tags(&["20240115", "20240116"]), None).1.as_deref(), Some("20240116"), "all are dates");
        let builds = tags(&["1.0.0_a", "1.0.0_b", "1.0.0"]);
        assert_eq!(
            sorted(builds, None).0,
            tags(&["1.0.0", "1.0.0_a", "1.0.0_b"]),
            "what was built of it is no newer one"
        );
    }

    #[test]
    fn a_repository_has_neither_tag_nor_digest() {
        assert_eq!(parsed("oci://hub.test/charts/app").unwrap().repository, "charts/app");
        assert_eq!(parsed("oci://plainhost/charts/app").unwrap().registry, "plainhost");
        assert!(parsed("hub.test/app:1").is_err() && parsed("").is_err());
    }
}
