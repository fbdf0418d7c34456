//! What a plan says of a chart: its name, version and digest where the files are there, and what will be refused.

use std::path::Path;

use crate::clients::oci::{ChartError, LocalChart};
use crate::domain::oci::tag::Tag;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Plan, Result, Value};

use super::super::oci_tag::{DESTROYING, files_absent, unplannable};
use super::{at, named, tag_at};

/// What follows from the files.
const OUTCOME: [&str; 6] = ["name", "app_version", "reference", "digest", "archive_digest", "tag_digest"];

/// The note of the digest that an archive has of us, which another tool has pushed by another one.
const PUSHED_AS: &str = "pushed as";

/// Refines the plan.
pub async fn plan(cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
    let is_settled = ["path", "repository"].iter().all(|part| plan.planned().text(part).is_some());
    let version = plan.config().at("version");
    if !is_settled || version.is_unknown() {
        leave_open(plan);
        replace_if_other(plan);
        return Ok(());
    }
    let path = plan.planned().text("path").unwrap_or_default().to_owned();
    let version = plan.config().text("version").map(str::to_owned);
    match LocalChart::read(Path::new(&path), version.as_deref()).await {
        Ok(chart) => foresee(cx, plan, &chart).await,
        Err(ChartError::Absent(_)) if is_another(plan) => {
            leave_open(plan);
            replace_if_other(plan);
            plan.warn(&files_absent("The chart that is to be pushed is not there yet", &path, "path"));
            Ok(())
        }
        // What was pushed stays, on a machine without the files too.
        Err(ChartError::Absent(_)) => {
            plan.keep(&OUTCOME);
            plan.keep(&["version"]);
            let digest = plan.prior().text("digest").map(str::to_owned);
            plan.set("tag_digest", digest.map_or(Value::Null, Value::from));
            Ok(())
        }
        Err(error) => Err(unplannable(error.explain(format!("Cannot push the chart `{path}`")), plan)),
    }
}

/// Whether something else is declared than what was pushed. A version that is not given is open whenever anything changes.
fn is_another(plan: &Plan<'_>) -> bool {
    plan.is_create() || plan.changes("path") || has_other_version(plan)
}

fn has_other_version(plan: &Plan<'_>) -> bool {
    plan.config().at("version").is_given() && plan.changes("version")
}

/// Replaces what may get another version when its files are there: hosts refuse an update that becomes a replacement then.
fn replace_if_other(plan: &mut Plan<'_>) {
    let is_same_version = plan.config().at("version").known().is_some() && !plan.changes("version");
    if !plan.is_create() && !is_same_version {
        plan.replace_for("version");
    }
}

fn leave_open(plan: &mut Plan<'_>) {
    plan.leave_open(&OUTCOME);
    if plan.config().text("version").is_none() {
        plan.leave_open(&["version"]);
    }
}

async fn foresee(cx: &Cx, plan: &mut Plan<'_>, chart: &LocalChart) -> Result<()> {
    let (name, version) = (&chart.metadata.name, &chart.metadata.version);
    let repository = plan.planned().text("repository").unwrap_or_default().to_owned();
    let tag = tag_at(&repository, name, version).map_err(|why| {
        let what = format!("Cannot push the chart `{name}`");
        Explanation::new("BERTH-OCI-001", what).next(format!("the place {why}")).at("repository")
    })?;
    let digest = known_as(plan, &tag, chart).unwrap_or_else(|| chart.image.top.digest.clone());
    plan.set("name", Value::from(name.as_str()));
    plan.set("version", Value::from(version.as_str()));
    plan.set("app_version", chart.metadata.app_version.as_ref().map_or(Value::Null, Value::string));
    plan.set("reference", Value::from(named(&tag)));
    plan.set("digest", Value::from(digest.as_str()));
    plan.set("archive_digest", Value::from(chart.archive_digest.as_str()));
    plan.set("tag_digest", Value::from(digest.as_str()));
    if !plan.is_create() && (plan.changes("name") || plan.changes("version")) {
        plan.replace_for("name");
        plan.replace_for("version");
        return Ok(());
    }
    if !plan.is_create() && !plan.changes("repository") && plan.changes("digest") {
        let may = plan.planned().truth("overwrite") != Some(false);
        return if may { Ok(()) } else { Err(same_version(&tag.to_string())) };
    }
    at(&tag).look(cx, plan, Some(&digest)).await;
    Ok(())
}

/// The digest by which the registry has this very archive, where another tool has pushed it: Helm notes the time in the manifest. It is found
/// by the first plan after an import, and holds until the files change.
fn known_as(plan: &mut Plan<'_>, tag: &Tag, chart: &LocalChart) -> Option<String> {
    let (own, prior) = (&chart.image.top.digest, plan.prior());
    let digest = prior.text("digest").map(str::to_owned)?;
    let is_imported = prior.text("path").is_none_or(str::is_empty)
        && prior.text("archive_digest") == Some(&chart.archive_digest)
        && prior.text("reference") == Some(&named(tag))
        && prior.text("version") == Some(&chart.metadata.version);
    if is_imported && digest != *own {
        plan.private().set(PUSHED_AS, own);
    }
    (plan.private().get::<String>(PUSHED_AS).as_ref() == Some(own)).then_some(digest)
}

fn same_version(tag: &str) -> Explanation {
    Explanation::new("BERTH-OCI-008", "The chart has changed, and its version has not")
        .on(format!("{tag}, which is pushed already with other content"))
        .next("raise version in Chart.yaml or here, or set overwrite = true; nothing was pushed")
        .adding(DESTROYING)
        .at("path")
}
