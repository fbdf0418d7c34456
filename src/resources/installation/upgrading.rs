//! Installs a release, and leads from one to another: what was issued is noted before and compared afterwards, and what fails
//! is rolled back.

use crate::clients::download::Patience;
use crate::domain::cert_manager::Release;
use crate::domain::cert_manager::issuance::Issued;
use crate::domain::kubernetes::ObjectRef;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::objects::{Adoption, ApplySet};
use crate::sdk::Result;

use super::Declared;
use super::model::{MANIFEST, Phase};
use super::moving::Moving;
use super::planning::certificates;
use super::release::{HOME, Read, content, read};
use super::rollback::Former;
use super::source::Reader;
use super::taking_over::IMPORTED;
use super::webhook::{self, NOT_SEEN_ANSWERING, Trial};

/// Makes the cluster hold what the manifest declares, by way of the releases between, and sees it answer.
pub async fn bring_about(cx: &Cx, prior: Option<&Declared>, model: &mut Declared, what: &str) -> Result<()> {
    let reader = Reader { cx, budget: cx.budget().clone(), asks: Some(Patience::LONG), what };
    let last = read(&reader, &model.manifest, model.said()).await;
    let last = last.map_err(|unread| unread.explained(&model.manifest, what))?;
    let mut way = model.way(&reader, prior, &last).await?;
    let before = issued(cx).await;
    let mut phases: Vec<Phase> = noted(before.as_ref()).into_iter().collect();
    phases.extend(take_along(cx, prior, model, &last.release, what).await?);
    let declared_version = model.version.clone();
    model.passed.set(way.iter().map(ToString::to_string).collect::<Vec<_>>());
    way.push(last);
    let mut start = prior.cloned();
    for (index, read) in way.iter().enumerate() {
        let is_step = index + 1 < way.len();
        phases.extend(pass(cx, start.as_ref(), model, (read, is_step), what).await?);
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
    (Read { release, sha256, home }, is_step): (&Read, bool),
    what: &str,
) -> Result<Vec<Phase>> {
    let (start, mut set) = (prior.map(Declared::set), model.set());
    let is_imported = cx.recall::<bool>(IMPORTED).is_some();
    if is_imported || (model.adopt && prior.is_none()) {
        set.adoption = Adoption::Whole;
    }
    // What comes after a step builds on it.
    set.waits |= is_step;
    let former = Former::found(cx, prior, (&set, release), what).await?;
    let applied = apply(cx, start.as_ref(), &mut set, release, what).await;
    model.absorb(&set);
    let trial = match applied {
        Ok(trial) => trial,
        Err(failure) => {
            model.forget_upgrade(prior);
            if !cx.has_existing() {
                return Err(failure);
            }
            let failure = match former {
                Some(former) => former.put_back(cx, failure).await,
                None => failure,
            };
            if prior.is_some() || set.adoption != Adoption::Whole {
                return Err(failure);
            }
            model.holds(release, sha256);
            return Ok(stays(cx, &mut set, model, failure));
        }
    };
    cx.forget(IMPORTED);
    cx.remember(HOME, home);
    model.holds(release, sha256);
    let objects = format!("{} were declared, of {}", set.objects.len(), release.version);
    Ok([phase("objects", objects)].into_iter().chain(trial.map(tried)).collect())
}

/// Copies what has to be in another namespace, if it leaves its own.
async fn take_along(
    cx: &Cx,
    prior: Option<&Declared>,
    model: &Declared,
    release: &Release,
    what: &str,
) -> Result<Option<Phase>> {
    let Some(prior) = prior else { return Ok(None) };
    let from = prior.namespace.get().filter(|from| *from != release.namespace());
    let Some(from) = from else { return Ok(None) };
    // Nobody's secrets go where the rest may not follow.
    let set = ApplySet { objects: prior.inventory(), ..model.set() };
    set.refuse_held(cx, &content(release), what).await?;
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
    let content = content(release);
    has_place(cx, release, what).await?;
    set.bring_about(cx, prior, &content, what).await?;
    let trial = if set.waits { stands(cx, prior.is_none(), set, what).await? } else { None };
    // What ran before goes when what runs now has proved itself.
    set.prune(cx, &content, what).await?;
    Ok(trial)
}

/// Looks whether the namespace is there, where the manifest does not make it: definitions alone help nobody.
async fn has_place(cx: &Cx, release: &Release, what: &str) -> Result<()> {
    let namespace = release.namespace();
    let is_made = release.items().iter().any(|item| item.reference() == ObjectRef::of_namespace(namespace));
    if is_made {
        return Ok(());
    }
    // One on its way out is waited for.
    let settled = cx.provider().cluster()?.settled(cx.budget(), &ObjectRef::of_namespace(namespace)).await;
    if !settled.is_ok_and(|found| found.is_none()) {
        return Ok(());
    }
    let why = format!("{what}: the namespace `{namespace}` does not exist, and the manifest does not make it");
    let next = "make it first, or put a document of kind Namespace into the manifest; nothing has been written";
    Err(Explanation::new("BERTH-CM-011", why).next(next).at(MANIFEST))
}

async fn stands(cx: &Cx, is_new: bool, set: &mut ApplySet, what: &str) -> Result<Option<Trial>> {
    if !set.drift.is_empty() {
        set.drift.push(NOT_SEEN_ANSWERING.to_owned());
        return Ok(None);
    }
    match webhook::wait(cx, what).await {
        Ok(trial) => Ok(Some(trial)),
        Err(failure) => {
            set.drift.push(NOT_SEEN_ANSWERING.to_owned());
            if !is_new {
                return Err(failure);
            }
            cx.tell_wait(Err(failure), "nothing is removed, and the next apply goes on waiting");
            Ok(None)
        }
    }
}

/// Ends a take-over that was cut short.
fn stays(cx: &Cx, set: &mut ApplySet, model: &mut Declared, failure: Explanation) -> Vec<Phase> {
    set.stay(cx, failure, "it was not taken over to its end".to_owned());
    model.absorb(set);
    vec![phase("objects", "not all were taken over".to_owned())]
}

impl Declared {
    fn holds(&mut self, release: &Release, sha256: &str) {
        self.manifest_sha256.set(sha256.to_owned());
        self.version.set(release.version.to_string());
        self.namespace.set(release.namespace().to_owned());
    }

    /// A change that failed is planned again: the state says what it said before.
    fn forget_upgrade(&mut self, prior: Option<&Self>) {
        let Some(prior) = prior else { return };
        self.manifest_sha256.clone_from(&prior.manifest_sha256);
        self.version.clone_from(&prior.version);
        self.namespace.clone_from(&prior.namespace);
        self.phases.clone_from(&prior.phases);
        self.passed.clone_from(&prior.passed);
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
        Trial::Untried => "not tried: whoever applied may not make an Issuer, or the cluster has a rule against it",
    };
    phase("webhook", result.to_owned())
}

/// Compares what is issued now, and tells what is not as it was.
async fn compared(cx: &Cx, before: Option<&Issued>) -> Option<Phase> {
    let before = before.filter(|before| before.count() > 0)?;
    let now = certificates(cx, cx.budget()).await?;
    let lost: Vec<String> = before.lost_in(&now).collect();
    if lost.is_empty() {
        return Some(phase("certificates compared", "none was issued anew so far".to_owned()));
    }
    let result = format!("{} are not as they were", lost.len());
    let told = Explanation::new("BERTH-CM-008", "cert-manager was changed, and Certificates are not as they were")
        .seen(lost)
        .next("nothing needs to be done where nobody has pinned a key or a certificate: what was issued anew is valid")
        .at(MANIFEST);
    cx.warn(&told);
    Some(phase("certificates compared", result))
}
