//! The way back from a release that does not come up.

use std::time::Duration;

use serde_json::Value;

use crate::domain::cert_manager::Release;
use crate::domain::cert_manager::release::parsed;
use crate::domain::kubernetes::{FIELD_MANAGER, ObjectRef};
use crate::domain::manifest::{self, Phase, phase};
use crate::domain::ownership::Claim;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::objects::Tenant;
use crate::resources::objects::content::Part;
use crate::resources::objects::declaring::keys;
use crate::resources::objects::written::{Written, look};
use crate::retry::Budget;
use crate::sdk::Result;

use super::{APPLICATION, Declared};

/// How long the way back may take.
const PUTTING_BACK: Duration = Duration::from_mins(2);

/// What a release that runs has declared.
pub struct Former {
    version: String,
    lead: Option<ObjectRef>,
    parts: Vec<Part>,
}

impl Former {
    /// What the objects of the state say that was declared of them; `None` where `next` is that very release in its place, from
    /// which there is no way back.
    ///
    /// # Errors
    /// The cluster did not answer: nothing is begun that could not be undone.
    pub async fn remembered(cx: &Cx, prior: &Declared, next: &Release, what: &str) -> Result<Option<Self>> {
        let Some(version) = prior.version.get() else { return Ok(None) };
        let namespace = prior.namespace.get().map(String::as_str);
        if parsed(version).as_ref() == Some(&next.version) && namespace == Some(next.namespace()) {
            return Ok(None);
        }
        let cluster = cx.provider().cluster()?;
        let inventory = prior.inventory();
        let found = look(cx, cluster, &inventory).await.map_err(|error| error.explain(what))?;
        let parts = inventory.iter().zip(&found).filter_map(|(object, found)| part(object, found.as_ref()?)).collect();
        let lead = prior.set().lead_of(&inventory).cloned();
        Ok(Some(Self { version: version.clone(), lead, parts }))
    }

    /// Declares it again after another release has failed, and tells so in the failure.
    pub async fn put_back(&self, cx: &Cx, failure: Explanation) -> Explanation {
        if self.parts.is_empty() {
            let why = "not rolled back: what ran before was declared by another tool";
            return failure.seen([why.to_owned()]);
        }
        let aside = cx.aside(Budget::for_cleanup(PUTTING_BACK));
        let outcome = self.declare(&aside).await;
        cx.rejoin(&aside);
        let version = &self.version;
        match outcome {
            Ok(()) => failure.seen([format!(
                "rolled back: the programs, rights and webhooks are those of {version} again; definitions stay as they are"
            )]),
            Err(words) => failure
                .seen([format!("not rolled back to {version}: {words}")])
                .adding(&format!("or apply the manifest of {version} again")),
        }
    }

    async fn declare(&self, cx: &Cx) -> std::result::Result<(), String> {
        let cluster = cx.provider().cluster().map_err(|told| told.what().to_owned())?;
        let objects: Vec<ObjectRef> = self.parts.iter().map(|part| part.object.clone()).collect();
        let Some(lead) = self.lead.clone() else { return Ok(()) };
        let claim = Claim::intended(APPLICATION, &lead.name.clone(), cx.known_owner(), lead);
        let tenant = Tenant { force: true, shares_namespaces: true, ..Tenant::of(cx, cluster, &claim, FIELD_MANAGER) };
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
    let manifest = manifest::declaration(found, FIELD_MANAGER)?;
    Some(Part { object: object.clone(), manifest, is_secret: false })
}
