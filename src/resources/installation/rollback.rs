//! The way back from a release that does not come up.

use std::collections::BTreeSet;
use std::time::Duration;

use semver::Version;
use serde_json::Value;

use crate::domain::cert_manager::Release;
use crate::domain::cert_manager::release::{parsed, version_of_part};
use crate::domain::kubernetes::{FIELD_MANAGER, ObjectRef};
use crate::domain::manifest::{self, Phase, phase};
use crate::domain::ownership::Claim;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::objects::content::Part;
use crate::resources::objects::declaring::keys;
use crate::resources::objects::written::{Written, look};
use crate::resources::objects::{Adoption, ApplySet, Namespaces, Tenant};
use crate::retry::Budget;
use crate::sdk::Result;

use super::release::content;
use super::{APPLICATION, Declared};

/// How long the way back may take.
const PUTTING_BACK: Duration = Duration::from_mins(2);

/// What was declared of what runs.
pub struct Former {
    /// The version; several where a run was cut short between two.
    versions: BTreeSet<Version>,
    lead: Option<ObjectRef>,
    parts: Vec<Part>,
}

impl Former {
    /// What the objects say that was declared of them, by us or by the tool that they are about to be taken over from; `None`
    /// where nothing runs, or `next` itself in its place, from which there is no way back.
    ///
    /// # Errors
    /// The cluster did not answer: nothing is begun that could not be undone.
    pub async fn found(
        cx: &Cx,
        prior: Option<&Declared>,
        (set, next): (&ApplySet, &Release),
        what: &str,
    ) -> Result<Option<Self>> {
        let mut inventory = prior.map(Declared::inventory).unwrap_or_default();
        if set.adoption == Adoption::Whole {
            let known = keys(&inventory);
            let coming = set.parts(cx, &content(next), what).await?.into_iter().map(|part| part.object);
            inventory.extend(coming.filter(|object| !known.contains(&object.key())));
        } else if prior.is_none() {
            return Ok(None);
        }
        let found = look(cx, cx.provider().cluster()?, &inventory).await.map_err(|error| error.explain(what))?;
        let parts: Vec<Part> =
            inventory.iter().zip(&found).filter_map(|(object, found)| part(object, found.as_ref()?)).collect();
        let mut versions: BTreeSet<Version> = parts.iter().filter_map(|part| version_of_part(&part.manifest)).collect();
        if versions.is_empty() {
            versions.extend(prior.and_then(|prior| parsed(prior.version.get()?)));
        }
        let namespace = prior.and_then(|prior| prior.namespace.get()).map_or(next.namespace(), String::as_str);
        if versions.is_empty() || (versions.iter().eq([&next.version]) && namespace == next.namespace()) {
            return Ok(None);
        }
        Ok(Some(Self { versions, lead: set.lead_of(&inventory).cloned(), parts }))
    }

    /// Declares it again after another release has failed, and tells so in the failure.
    pub async fn put_back(&self, cx: &Cx, failure: Explanation) -> Explanation {
        let versions: Vec<String> = self.versions.iter().map(ToString::to_string).collect();
        let versions = versions.join(" and ");
        if self.parts.is_empty() {
            let why = "not rolled back: what ran before was declared by a tool that is not known";
            return failure.seen([why.to_owned()]);
        }
        if self.versions.len() > 1 {
            let why = format!("not rolled back: a run that was cut short has left a mixture of {versions}");
            return failure.seen([why]).adding("or apply the manifest of the one that you want back");
        }
        let aside = cx.aside(Budget::for_cleanup(PUTTING_BACK));
        let outcome = self.declare(&aside).await;
        cx.rejoin(&aside);
        match outcome {
            Ok(()) => failure.seen([format!(
                "rolled back: the programs, rights and webhooks are those of {versions} again; definitions stay as they are"
            )]),
            Err(words) => failure
                .seen([format!("not rolled back to {versions}: {words}")])
                .adding(&format!("or apply the manifest of {versions} again")),
        }
    }

    async fn declare(&self, cx: &Cx) -> std::result::Result<(), String> {
        let cluster = cx.provider().cluster().map_err(|told| told.what().to_owned())?;
        let objects: Vec<ObjectRef> = self.parts.iter().map(|part| part.object.clone()).collect();
        let Some(lead) = self.lead.clone() else { return Ok(()) };
        let claim = Claim::intended(APPLICATION, &lead.name.clone(), cx.known_owner(), lead);
        let tenant =
            Tenant { force: true, namespaces: Namespaces::Shared, ..Tenant::of(cx, cluster, &claim, FIELD_MANAGER) };
        let mut written = Written::recalled(cx);
        let declared = tenant.declare_all(&self.parts, &keys(&objects), &mut written).await;
        declared.map_err(|(object, error)| format!("{object}: {}", error.told()))
    }
}

/// The declaration of one object. Definitions do not go back: what is stored may be of the new form already.
fn part(object: &ObjectRef, found: &Value) -> Option<Part> {
    if phase(object) == Phase::Definitions {
        return None;
    }
    let ours = manifest::declaration(found, FIELD_MANAGER);
    let manifest = ours.or_else(|| manifest::declaration_of_formers(found, FIELD_MANAGER))?;
    Some(Part { object: object.clone(), manifest, is_secret: false })
}
