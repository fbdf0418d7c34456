//! What lists of objects in the cluster share.

use serde_json::Value;

use crate::domain::kubernetes::{APPLICATION, FIELD_MANAGER, MANAGED_BY, ObjectRef};
use crate::domain::ownership;
use crate::provider::Cx;
use crate::provider::checks::label;
use crate::sdk::{Listing, Model, Result};

/// Which Secrets are wanted.
#[derive(Clone, Debug, Model)]
pub struct Query {
    /// Only those of this namespace. Default: all namespaces, for which the whole cluster must be readable.
    #[attr(check = label())]
    pub namespace: Option<String>,
    /// Whether those that somebody else made are listed too: an import takes them over. Default `false`.
    #[attr(default = false)]
    pub others: bool,
}

impl Query {
    /// The Secrets of a type.
    pub fn secrets(&self, r#type: &str) -> Wanted {
        let like = ObjectRef { namespace: self.namespace.clone(), ..ObjectRef::secret("", "") };
        Wanted { like, labels: String::new(), fields: format!("type={type}"), others: self.others }
    }
}

/// Which objects of the cluster are wanted.
pub struct Wanted {
    like: ObjectRef,
    labels: String,
    fields: String,
    others: bool,
}

impl Wanted {
    /// The objects of a kind that berth made for an application.
    pub fn of_berth(kind: ObjectRef, namespace: Option<String>, application: &str) -> Self {
        let labels = format!("{MANAGED_BY}={FIELD_MANAGER},{APPLICATION}={application}");
        let like = ObjectRef { namespace, ..kind };
        // The labels say already that it is berth's.
        Self { like, labels, fields: String::new(), others: true }
    }

    /// Gives the objects in the order of their namespaces and names. Of what one resource keeps in several places, only
    /// the first is given.
    pub async fn list<I: Model>(
        &self,
        cx: &Cx,
        what: &str,
        listing: &Listing<I>,
        identity: impl Fn(String, String) -> I,
    ) -> Result<()> {
        let cluster = cx.provider().cluster()?;
        let found = cluster.list_metadata(cx.budget(), &self.like, &self.labels, &self.fields).await;
        let found = found.map_err(|error| error.explain(what))?;
        let mut places: Vec<_> = found.iter().filter(|object| self.wants(object)).filter_map(place).collect();
        places.sort();
        for (namespace, name) in places {
            let display_name = format!("{namespace}/{name}");
            if !listing.give(display_name, &identity(namespace, name)).await {
                break;
            }
        }
        Ok(())
    }

    fn wants(&self, object: &Value) -> bool {
        !ownership::is_part(object) && (self.others || ownership::owner_of(object).is_some())
    }
}

fn place(object: &Value) -> Option<(String, String)> {
    let text = |name: &str| object.pointer("/metadata")?.get(name)?.as_str().map(str::to_owned);
    Some((text("namespace")?, text("name")?))
}
