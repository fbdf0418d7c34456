//! `berth_chart`: a Helm chart in a registry.

mod identity;
mod planning;

use std::path::Path;

use crate::clients::oci::{Content, LocalChart, Moving};
use crate::domain::oci::chart::{check_version, tag_of};
use crate::domain::oci::tag::Tag;
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::sdk::{Check, Computed, Import, Limits, Meta, Model, Plan, Resource, Result, Timeouts, check};

use super::oci_tag::{Destination, is_losing, moving, put_back, stay};

/// A Helm chart in a registry.
pub struct Chart;

/// The chart's configuration and state.
#[derive(Clone, Debug, Default, Model)]
pub struct Declared {
    /// The chart: its folder, or a `.tgz` that `helm package` made. A `.tgz.prov` beside that is pushed with it.
    #[attr(check = check::length(1, 4096))]
    pub path: String,
    /// Where it is pushed to, as `oci://HOST/PATH`: the chart's name comes behind, as with `helm push`. Of a `berth_registry`,
    /// `HOST` or `HOST:PORT` is `trimprefix(berth_registry.x.url, "https://")`. Changing it pushes to the new place, and treats the old
    /// one as `delete_on_destroy` says.
    #[attr(replace, check = repository())]
    pub repository: String,
    /// The version. Default: that of `Chart.yaml`. Another one is written into the chart that is pushed, and not into the file.
    /// A new version is a new tag: the old one stays, unless `delete_on_destroy` is set.
    #[attr(optional, check = version())]
    pub version: Computed<String>,
    /// Whether a version that is there with other content may be replaced. Default `false`: who has installed it would not
    /// notice.
    #[attr(default = false)]
    pub overwrite: bool,
    /// Whether a destroy, and a new version, take the tag off. The chart itself stays until the registry collects what has no
    /// tag. Default `false`.
    #[attr(default = false)]
    pub delete_on_destroy: bool,
    /// The chart's name.
    pub name: Computed<String>,
    /// The version of what the chart installs, as `Chart.yaml` says; null if it does not.
    pub app_version: Computed<String>,
    /// The chart as Helm takes it, `oci://HOST/PATH/NAME`, with `--version` and `version` beside it: behind a colon Helm reads
    /// no version with a `+`, for which the tag has `_`.
    pub reference: Computed<String>,
    /// The digest of what was pushed, `sha256:…`; known in the plan if the files are there.
    pub digest: Computed<String>,
    /// The digest of the packed chart itself, `sha256:…`.
    pub archive_digest: Computed<String>,
    /// What the tag stands for, as the last refresh found it. If it is not `digest`, the next apply sets it right.
    pub tag_digest: Computed<String>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// The scheme by which Helm knows registries.
const SCHEME: &str = "oci://";

fn repository() -> Check {
    check::text("must be of the form `oci://HOST/PATH`", |text| {
        let wrong = |why: &str| format!("must be of the form `oci://HOST/PATH`, and {why}");
        let bare = text.strip_prefix(SCHEME).ok_or_else(|| wrong("does not begin with `oci://`"))?;
        if bare.contains('@') || bare.rsplit('/').next().is_some_and(|last| last.contains(':') && bare.contains('/')) {
            return Err(wrong("has neither tag nor digest: the tag is the version"));
        }
        tag_at(text, "chart", "1")
            .map(|_| ())
            .map_err(|why| wrong(&format!("the chart's name comes behind it, and that {why}")))
    })
}

fn version() -> Check {
    check::text("must be a semantic version", check_version)
}

/// The tag of a chart.
fn tag_at(repository: &str, name: &str, version: &str) -> std::result::Result<Tag, String> {
    let bare = repository.strip_prefix(SCHEME).unwrap_or(repository).trim_end_matches('/');
    Tag::at_host(&format!("{bare}/{name}:{}", tag_of(version)))
}

/// The tag that the id of an import means, with the chart's repository and name.
fn imported(id: &str) -> std::result::Result<(Tag, String, String), String> {
    let tag = match id.strip_prefix(SCHEME) {
        Some(bare) => Tag::at_host(&tag_of(bare)),
        None => tag_of(id).parse(),
    }?;
    let (path, name) = tag.repository.rsplit_once('/').unwrap_or(("", &tag.repository));
    let repository = format!("{SCHEME}{}/{path}", tag.registry);
    let (repository, name) = (repository.trim_end_matches('/').to_owned(), name.to_owned());
    Ok((tag, repository, name))
}

/// The chart as Helm wants it named beside its version.
fn named(tag: &Tag) -> String {
    format!("{SCHEME}{}/{}", tag.registry, tag.repository)
}

impl Declared {
    fn tag(&self, what: &str) -> Result<Tag> {
        let (name, version) = (self.name.get().cloned().unwrap_or_default(), self.version.get().cloned());
        tag_at(&self.repository, &name, &version.unwrap_or_default())
            .map_err(|why| Explanation::new("BERTH-OCI-001", what).next(format!("the place {why}")).at("repository"))
    }
}

fn at(tag: &Tag) -> Destination<'_> {
    Destination { tag, attribute: "repository", called: "version" }
}

impl Resource<Berth> for Chart {
    type Model = Declared;

    const NAME: &'static str = "berth_chart";

    const META: Meta = Meta {
        import_id: "oci://HOST/PATH/NAME:VERSION",
        limits: Limits::minutes(20),
        ..Meta::new(
            "Images and charts",
            "A Helm chart in a registry, from its folder or its archive. No Helm is needed, and Helm pulls and installs it.\n\nThe \
             same files have the same digest on any machine and at any time: they are packed sorted, with one time and one mode, \
             and without compression, which differs from tool to tool. `.helmignore` is honoured. An archive is pushed as it is.\n\nCharts \
             that `Chart.yaml` depends on must lie in `charts/`: `helm dependency build` brings them there.\n\nA version that is \
             there with other content is refused, in the plan already where the resource has pushed it itself: raise `version` in \
             `Chart.yaml` or here, or set `overwrite`. A destroy makes the same plan first: `terraform destroy -refresh=false` passes by it. \
             A tag that somebody moves or removes is set right by the next apply.\n\nAn import reads what the registry has; where that came \
             from is told by `path`, so that the first plan after it notes the path, and its apply pushes nothing if the files are those.",
        )
    };

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        planning::plan(cx, plan).await
    }

    async fn plan_destroy(&self, cx: &Cx, model: Declared) -> Result<()> {
        let tag = model.tag("Cannot take off the chart")?;
        at(&tag).part(cx, model.delete_on_destroy);
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        let moving = moving(model.overwrite);
        push(cx, model, moving).await
    }

    async fn read(&self, cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
        let what = format!("Cannot look at the chart `{}`", model.reference.get().cloned().unwrap_or_default());
        let tag = model.tag(&what)?;
        at(&tag).note(cx)?;
        Ok(at(&tag).observe(cx, &what).await?.map(|head| {
            model.tag_digest.set(head.digest);
            model
        }))
    }

    async fn update(&self, cx: &Cx, prior: &Declared, model: &mut Declared) -> Result<()> {
        let Some(digest) = model.digest.get().filter(|digest| Some(*digest) == prior.digest.get()).cloned() else {
            let moving = moving(model.overwrite);
            return push(cx, model, moving).await;
        };
        // Only the tag was moved, or nothing that has to do with the registry changes.
        let what = format!("Cannot push the chart `{}`", model.path);
        let tag = model.tag(&what)?;
        let is_there = prior.tag_digest.get() == Some(&digest) && !is_losing(cx);
        if !is_there && !at(&tag).restore(cx, &what, &digest).await? {
            // The tag is ours, whatever somebody has it stand for.
            return push(cx, model, Moving::Allowed).await;
        }
        put_back(cx);
        model.tag_digest.set(digest);
        stay(&mut model.app_version, &prior.app_version);
        stay(&mut model.archive_digest, &prior.archive_digest);
        Ok(())
    }

    async fn delete(&self, cx: &Cx, model: Declared) -> Result<()> {
        let what = format!("Cannot take off the chart `{}`", model.reference.get().cloned().unwrap_or_default());
        let tag = model.tag(&what)?;
        if let Some(digest) = model.digest.get().filter(|_| model.delete_on_destroy) {
            return at(&tag).remove(cx, &what, digest).await;
        }
        at(&tag).leave(cx, model.digest.get().map(String::as_str));
        Ok(())
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Declared>> {
        let what = format!("Cannot import the chart `{id}`");
        let wrong = |why: String| Explanation::new("BERTH-OCI-015", what.clone()).next(format!("the id {why}"));
        let (tag, repository, name) = imported(id).map_err(wrong)?;
        let head = at(&tag).imported(cx, &what).await?;
        let mut model = Declared { repository, ..Declared::default() };
        let stored = at(&tag).chart(cx, &what, &head.digest).await?;
        model.app_version.set(stored.app_version);
        model.archive_digest.set(stored.archive_digest);
        model.name.set(name);
        model.version.set(tag.tag.replace('_', "+"));
        model.reference.set(named(&tag));
        model.tag_digest.set(head.digest.clone());
        model.digest.set(head.digest);
        Ok(Import(model))
    }
}

/// Pushes the files and fills in what they are.
async fn push(cx: &Cx, model: &mut Declared, moving: Moving) -> Result<()> {
    let what = format!("Cannot push the chart `{}`", model.path);
    let read = LocalChart::read(Path::new(&model.path), model.version.get().map(String::as_str)).await;
    let chart = read.map_err(|error| error.explain(&*what))?;
    let found = &chart.image.top.digest;
    if let Some(planned) = model.digest.get().filter(|planned| *planned != found) {
        return Err(Explanation::new("BERTH-OCI-007", what)
            .said("Reading the files", format!("they make {found} by now, and were planned as {planned}"))
            .next("plan and apply again; nothing was pushed")
            .at("path"));
    }
    model.name.set(chart.metadata.name.clone());
    model.version.set(chart.metadata.version.clone());
    let tag = model.tag(&what)?;
    let content = Content::Local(chart.places);
    at(&tag).push(cx, &what, (&chart.image, &content), moving).await?;
    model.app_version.set(chart.metadata.app_version);
    model.reference.set(named(&tag));
    model.archive_digest.set(chart.archive_digest);
    model.tag_digest.set(chart.image.top.digest.clone());
    model.digest.set(chart.image.top.digest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk::Identified as _;

    #[test]
    fn a_chart_is_imported_by_its_identity_wherever_it_is() {
        for repository in ["oci://hub.test", "oci://hub.test/charts", "oci://plainhost", "oci://plainhost:5000/a/b"] {
            let tag = tag_at(repository, "app", "1.2.3+x").unwrap();
            let mut model = Declared { repository: repository.to_owned(), ..Declared::default() };
            model.reference.set(named(&tag));
            model.version.set("1.2.3+x".to_owned());
            let id = Chart::import_id(&Chart::identity(&model).unwrap());
            assert_eq!(imported(&id), Ok((tag, repository.to_owned(), "app".to_owned())), "{id}");
        }
        assert_eq!(imported("hub.test/charts/app:1").unwrap().1, "oci://hub.test/charts");
        assert!(imported("oci://hub.test").is_err());
    }
}
