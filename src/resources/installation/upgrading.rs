//! Installs a release, and leads from one to another: what was issued is noted before and compared afterwards, and what fails
//! is rolled back.

use crate::domain::cert_manager::Release;
use crate::domain::cert_manager::issuance::Issued;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::objects::{Adoption, ApplySet};
use crate::sdk::Result;

use super::Declared;
use super::model::{MANIFEST, Phase};
use super::moving::Moving;
use super::planning::certificates;
use super::release::{Read, content, read};
use super::rollback::Former;
use super::taking_over::IMPORTED;
use super::webhook::{self, NOT_SEEN_ANSWERING, Trial};

/// Makes the cluster hold what the manifest declares, by way of the releases between, and sees it answer.
pub async fn bring_about(cx: &Cx, prior: Option<&Declared>, model: &mut Declared, what: &str) -> Result<()> {
    let last = read(&model.manifest, model.said(), what).await;
    let last = last.map_err(|unread| unread.explained(&model.manifest, what))?;
    let mut way = model.way(prior, &last, what).await?;
    let before = issued(cx).await;
    let mut phases: Vec<Phase> = noted(before.as_ref()).into_iter().collect();
    phases.extend(take_along(cx, prior, &last.release, what).await?);
    let declared_version = model.version.clone();
    way.push(last);
    let mut start = prior.cloned();
    for read in &way {
        phases.extend(pass(cx, start.as_ref(), model, read, what).await?);
        start = Some(model.clone());
    }
    if declared_version.get().is_some() {
        model.version = declared_version;
    }
    phases.extend(compared(cx, before.as_ref()).await);
    model.phases.set(phases);
    Ok(())
}

/// Brings one release about. Of one that does not come up, the state says what it said before.
async fn pass(
    cx: &Cx,
    prior: Option<&Declared>,
    model: &mut Declared,
    Read { release, sha256 }: &Read,
    what: &str,
) -> Result<Vec<Phase>> {
    let former = match prior {
        Some(prior) if prior.version.get().is_some() => Some(Former::remembered(cx, prior, what).await?),
        _ => None,
    };
    let (start, mut set) = (prior.map(Declared::set), model.set());
    let is_imported = cx.recall::<bool>(IMPORTED).is_some();
    if is_imported || (model.adopt && prior.is_none()) {
        set.adoption = Adoption::Whole;
    }
    let applied = apply(cx, start.as_ref(), &mut set, release, what).await;
    model.absorb(&set);
    let trial = match applied {
        Ok(trial) => trial,
        Err(failure) => {
            model.forget_upgrade(prior);
            let Some(former) = former.filter(|_| !set.objects.is_empty()) else { return Err(failure) };
            return Err(former.put_back(cx, release, failure).await);
        }
    };
    cx.forget(IMPORTED);
    model.manifest_sha256.set(sha256.clone());
    model.version.set(release.version.to_string());
    model.namespace.set(release.namespace().to_owned());
    let objects = format!("{} were declared, of {}", set.objects.len(), release.version);
    Ok([phase("objects", objects)].into_iter().chain(trial.map(tried)).collect())
}

/// Copies what has to be in another namespace, if it leaves its own.
async fn take_along(cx: &Cx, prior: Option<&Declared>, release: &Release, what: &str) -> Result<Option<Phase>> {
    let from = prior.and_then(|prior| prior.namespace.get()).filter(|from| *from != release.namespace());
    let Some(from) = from else { return Ok(None) };
    let count = Moving { from, to: release.namespace() }.take_along(cx, what).await?;
    Ok(Some(phase("secrets copied", format!("{count} that ClusterIssuers need"))))
}

/// Declares the objects and waits for the webhook. Of a new installation the wait alone is no failure.
async fn apply(
    cx: &Cx,
    prior: Option<&ApplySet>,
    set: &mut ApplySet,
    release: &Release,
    what: &str,
) -> Result<Option<Trial>> {
    set.bring_about(cx, prior, &content(release), what).await?;
    if !set.waits || !set.drift.is_empty() {
        return Ok(None);
    }
    match webhook::wait(cx, release.namespace(), what).await {
        Ok(trial) => Ok(Some(trial)),
        Err(failure) => {
            set.drift.push(NOT_SEEN_ANSWERING.to_owned());
            if prior.is_some() {
                return Err(failure);
            }
            cx.tell_wait(Err(failure), "nothing is removed, and the next apply goes on waiting");
            Ok(None)
        }
    }
}

impl Declared {
    /// A change that failed is planned again: the state says what it said before.
    fn forget_upgrade(&mut self, prior: Option<&Self>) {
        let Some(prior) = prior else { return };
        self.manifest_sha256.clone_from(&prior.manifest_sha256);
        self.version.clone_from(&prior.version);
        self.namespace.clone_from(&prior.namespace);
        self.phases.clone_from(&prior.phases);
    }
}

/// The certificates there are; `None` where none can be read, as before the first installation.
async fn issued(cx: &Cx) -> Option<Issued> {
    Some(Issued::of(&certificates(cx, cx.budget()).await?))
}

fn phase(name: &str, result: String) -> Phase {
    Phase { name: name.to_owned(), result }
}

fn noted(before: Option<&Issued>) -> Option<Phase> {
    before.map(|before| phase("certificates noted", format!("{} were issued", before.count())))
}

fn tried(trial: Trial) -> Phase {
    let result = match trial {
        Trial::Answered => "an Issuer was taken",
        Trial::Untried => "not tried: whoever applied may not make Issuers",
    };
    phase("webhook", result.to_owned())
}

/// Compares what is issued now, and tells what is not as it was.
async fn compared(cx: &Cx, before: Option<&Issued>) -> Option<Phase> {
    let before = before.filter(|before| before.count() > 0)?;
    let now = certificates(cx, cx.budget()).await?;
    let lost: Vec<String> = before.lost_in(&now).collect();
    if lost.is_empty() {
        return Some(phase("certificates compared", "none was issued anew".to_owned()));
    }
    let result = format!("{} are not as they were", lost.len());
    let told = Explanation::new("BERTH-CM-008", "cert-manager was changed, and Certificates are not as they were")
        .seen(lost)
        .next("nothing needs to be done where nobody has pinned a key or a certificate: what was issued anew is valid")
        .at(MANIFEST);
    cx.warn(&told);
    Some(phase("certificates compared", result))
}
