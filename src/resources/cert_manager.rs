//! What the types for cert-manager's objects share: how one is declared, waited for, looked at and removed.

mod renewal;
mod spec;

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError, Removal};
use crate::domain::kubernetes::{FIELD_MANAGER, ObjectRef};
use crate::domain::manifest::{self, fields, health};
use crate::domain::ownership::{Claim, Tenure, is_terminating};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::missing::Missing;
use crate::resources::objects::content::Part;
use crate::resources::objects::written::Written;
use crate::resources::objects::{self, Goal, Kept, Tenant, Wish};
use crate::resources::tenancy;
use crate::sdk::Result;

pub use renewal::Renewal;
pub use spec::{duration, pruned, same_duration, texts};

/// The API that the types are written for.
pub const API_VERSION: &str = "cert-manager.io/v1";

/// The note of the private state: the Secrets that were written beside the object and not taken away yet, the newest last.
const SECRETS: &str = "secrets";

/// What is said of an object that another tool made and that an import has given to us.
pub const TO_TAKE_OVER: &str = "it was made by another tool: the next apply takes it over";

/// What is said of an object that has not become ready.
pub const NOT_SEEN_READY: &str = "it has not been seen ready since the last change";

/// One resource's objects.
pub struct Declared<'a> {
    /// What it is called in claims.
    pub application: &'static str,
    /// The object of cert-manager, which answers for all.
    pub lead: ObjectRef,
    /// How it is to be.
    pub manifest: Value,
    /// A Secret beside it, if it has one to write.
    pub secret: Option<Value>,
    /// What failed, if something does.
    pub what: &'a str,
}

impl Declared<'_> {
    fn claim(&self, owner: Option<crate::owner::Owner>) -> Claim {
        Claim::intended(self.application, &self.lead.name, owner, self.lead.clone())
    }

    fn part(&self) -> Part {
        Part { object: self.lead.clone(), manifest: self.manifest.clone(), is_secret: false }
    }

    /// Writes the objects; answers what the cluster made of the lead.
    pub async fn place(&self, cx: &Cx, is_new: bool, is_given: bool) -> Result<Value> {
        let cluster = cx.provider().cluster()?;
        known(cx, cluster, &self.lead).await.map_err(|error| self.told(&error))?;
        if !is_new {
            tenancy::recovered(cx, std::slice::from_ref(&self.lead), self.what).await?;
        }
        let owner = tenancy::claim(cx, &self.lead, self.what).map_err(|error| error.at("name"))?;
        let claim = Claim { is_open: is_new, ..self.claim(Some(owner)) };
        let given = is_given.then(|| self.lead.key()).into_iter().collect();
        let tenant = Tenant { given, ..Tenant::of(cx, cluster, &claim, FIELD_MANAGER) };
        let placed = self.write(&tenant, is_new).await;
        if is_new || !cx.has_existing() {
            tenancy::finish_own(cx, &claim, self.what, "name").await?;
        }
        placed.map_err(|error| self.told(&error))
    }

    async fn write(&self, tenant: &Tenant<'_>, is_new: bool) -> std::result::Result<Value, ClusterError> {
        // Nothing is written before it may be.
        tenant.admit(&self.lead).await?;
        let mut written = Written::recalled(tenant.cx);
        if let Some(secret) = &self.secret {
            // Noted before: a write that is cut short may have come about.
            let object = ObjectRef::of(secret);
            note_secrets(
                tenant.cx,
                noted_secrets(tenant.cx).into_iter().filter(|it| Some(it) != object.as_ref()).chain(object.clone()),
            );
            let stored = tenant.place(secret, !is_new).await?;
            tenant.cx.exists();
            if let Some(object) = object {
                written.note(&Part { object, manifest: secret.clone(), is_secret: true }, &stored, FIELD_MANAGER);
                written.remember(tenant.cx);
            }
        }
        let stored = tenant.place_patiently(&self.manifest, !is_new).await?;
        tenant.cx.exists();
        written.note(&self.part(), &stored, FIELD_MANAGER);
        written.remember(tenant.cx);
        Ok(stored)
    }

    /// Waits for the condition `Ready`; answers the object when it has it. What keeps it is told by what its objects say.
    pub async fn ready(&self, cx: &Cx) -> Result<Value> {
        let cluster = cx.provider().cluster()?;
        let claim = self.claim(cx.known_owner());
        let tenant = Tenant::of(cx, cluster, &claim, FIELD_MANAGER);
        let mut wishes = vec![Wish::Condition("Ready".to_owned(), "True".to_owned())];
        if self.lead.kind == "Certificate" {
            // The revision is counted a moment after the Secret is there.
            wishes.push(Wish::NotTrue("Issuing".to_owned(), "it is being issued"));
        }
        let late = tenant.wait_for(&[Goal { object: self.lead.clone(), wishes }]).await;
        if let Some((_, error)) = late.first() {
            return Err(tenant.diagnosed(&late, self.told(error)).await);
        }
        let found = cluster.get(cx.budget(), &self.lead).await.map_err(|error| self.told(&error))?;
        found.ok_or_else(|| self.told(&ClusterError::NotFound { object: self.lead.to_string(), words: String::new() }))
    }

    /// Looks at the objects; `None` if the lead is not there, or is not ours.
    pub async fn seen(&self, cx: &Cx, drift: &[String], secret: Option<&ObjectRef>) -> Result<Option<Seen>> {
        let cluster = cx.provider().cluster()?;
        let ask = |error: ClusterError| error.explain(self.what);
        let Some(found) = cluster.get(cx.budget(), &self.lead).await.map_err(ask)?.filter(|it| !is_terminating(it))
        else {
            return Ok(None);
        };
        tenancy::recover(cx, &self.lead, Some(&found));
        let claim = self.claim(cx.known_owner());
        match objects::tenure(&claim, &found, false) {
            Tenure::Ours => {}
            Tenure::Foreign if drift.iter().any(|it| it == TO_TAKE_OVER) => {
                return Ok(Some(Seen { found, drift: vec![TO_TAKE_OVER.to_owned()] }));
            }
            _ => return Ok(None),
        }
        let written = Written::recalled(cx);
        let mut told = written.differences(&self.lead, Some(&self.part()), &found, FIELD_MANAGER);
        if let Some(secret) = secret {
            let stored = cluster.get(cx.budget(), secret).await.map_err(ask)?;
            told.extend(match &stored {
                Some(stored) => written.differences(secret, None, stored, FIELD_MANAGER),
                None => vec![format!("{secret} does not exist")],
            });
        }
        let is_late = drift.iter().any(|it| it == NOT_SEEN_READY);
        if is_late && health::condition(&found, "Ready", "True") != health::Health::Ready {
            told.push(NOT_SEEN_READY.to_owned());
        }
        Ok(Some(Seen { found, drift: told }))
    }

    /// Takes the objects away; answers whether the lead was left to somebody else, to whom it belongs by now.
    pub async fn remove(&self, cx: &Cx, more: &[ObjectRef]) -> Result<Removal> {
        let cluster = cx.provider().cluster()?;
        let kinds = [(self.lead.api_version.clone(), self.lead.kind.clone())];
        cluster.learn_kinds(cx.budget(), kinds).await.map_err(|error| self.told(&error))?;
        tenancy::recovered(cx, std::slice::from_ref(&self.lead), self.what).await?;
        let claim = self.claim(cx.known_owner());
        let tenant = Tenant::of(cx, cluster, &claim, FIELD_MANAGER);
        let all: Vec<ObjectRef> = std::iter::once(self.lead.clone()).chain(more.iter().cloned()).collect();
        let removed = tenant.remove(&all, &Kept::default()).await;
        removed.tell(cx, self.what);
        if let Some((_, error)) = removed.failures.first() {
            return Err(self.told(error));
        }
        tenancy::release(cx, &self.lead);
        Ok(if removed.left.contains(&self.lead) { Removal::Left } else { Removal::Gone })
    }

    /// Takes a Secret away that is declared no longer.
    pub async fn forsake(&self, cx: &Cx, secret: &ObjectRef) -> Result<()> {
        let cluster = cx.provider().cluster()?;
        let claim = self.claim(cx.known_owner());
        let tenant = Tenant::of(cx, cluster, &claim, FIELD_MANAGER);
        let removed = tenant.remove(std::slice::from_ref(secret), &Kept::default()).await;
        if let Some((_, error)) = removed.failures.into_iter().next() {
            return Err(self.told(&error));
        }
        note_secrets(cx, noted_secrets(cx).into_iter().filter(|it| it != secret));
        Ok(())
    }

    /// A cluster's failure, with what these types can do about it.
    fn told(&self, error: &ClusterError) -> Explanation {
        match error {
            ClusterError::Invalid { words, .. } if spec::is_of_unknown_field(words) => {
                Explanation::new("BERTH-CM-002", self.what)
                    .on(self.lead.to_string())
                    .said("The cluster", words)
                    .next(spec::needed(words))
            }
            ClusterError::Foreign { .. } | ClusterError::Held { .. } => error.explain(self.what).at("name"),
            ClusterError::NamespaceMissing { .. } if self.lead.namespace.is_some() => {
                error.explain(self.what).at("namespace")
            }
            _ => explained(error, self.what),
        }
    }
}

/// A cluster's failure; a cluster without cert-manager is told as one.
pub fn explained(error: &ClusterError, what: &str) -> Explanation {
    match error {
        ClusterError::KindUnknown { .. } => Explanation::new("BERTH-CM-001", what)
            .on(error.told())
            .next("install cert-manager first, for example by a `berth_manifest` that this depends on"),
        _ => error.explain(what),
    }
}

/// What is found of an object.
pub struct Seen {
    /// The object.
    pub found: Value,
    /// What differs from what is declared.
    pub drift: Vec<String>,
}

/// The Secrets that were written beside the object and not taken away yet, the newest last.
pub fn noted_secrets(cx: &Cx) -> Vec<ObjectRef> {
    let ids = cx.recall::<Vec<String>>(SECRETS).unwrap_or_default();
    ids.iter().filter_map(|id| manifest::of_id(id)).collect()
}

fn note_secrets(cx: &Cx, secrets: impl Iterator<Item = ObjectRef>) {
    cx.remember(SECRETS, &secrets.map(|secret| manifest::id(&secret)).collect::<Vec<_>>());
}

async fn known(cx: &Cx, cluster: &Cluster, object: &ObjectRef) -> std::result::Result<(), ClusterError> {
    cluster.kind(cx.budget(), &object.api_version, &object.kind).await.map(drop)
}

/// An object that is to be imported, and whether the next apply has to take it over.
pub async fn imported(cx: &Cx, object: &ObjectRef, what: &str) -> Result<(Value, bool)> {
    let cluster = cx.provider().cluster()?;
    known(cx, cluster, object).await.map_err(|error| error.explain(what))?;
    let found = cluster.get(cx.budget(), object).await.map_err(|error| error.explain(what))?;
    let found = found.ok_or_else(|| {
        Explanation::new("BERTH-CM-003", what)
            .on(format!("{object}, which does not exist"))
            .next("correct the id, or declare it without import: the next apply makes it")
    })?;
    let is_marked = fields::marker(&found).is_some();
    tenancy::take_over(cx, &found);
    Ok((found, !is_marked))
}

/// Warns in a plan of what the apply will refuse, and says whether something is to be done at all.
pub async fn plan(
    cx: &Cx,
    plan: &mut crate::sdk::Plan<'_>,
    application: &'static str,
    lead: Option<ObjectRef>,
) -> bool {
    if let Some(lead) = lead {
        tenancy::plan(cx, plan, std::slice::from_ref(&lead), "name");
        let claim = Claim::intended(application, &lead.name, cx.known_owner(), lead.clone());
        tenancy::look_by(cx, plan, std::slice::from_ref(&lead), "name", |_, found| {
            objects::tenure(&claim, found, false)
        })
        .await;
        if plan.is_create() {
            let missing = Missing { what: "The object cannot be made", namespaces: "namespace", accounts: "namespace" };
            let place: Vec<String> = lead.namespace.into_iter().collect();
            missing.look(cx, &place, &[]).await.iter().for_each(|told| plan.warn(told));
        }
    }
    plan.is_create() || plan.is_change() || objects::has_drifted(plan)
}
