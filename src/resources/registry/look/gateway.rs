//! Whether the Gateway of a registry is there and will let its clients in.

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::registry::{Admission, Gateway, admission};
use crate::explain::Explanation;

use super::Looking;

/// What stands between clients and the registry, in words.
const UNREACHED: &str = "will not be reached";

impl Looking<'_> {
    pub(super) async fn at_the_gateway(&self, gateway: &Gateway) -> Option<Explanation> {
        let object = gateway.reference(&self.registry.namespace);
        if self.cx.provider().holdings().is_planned(&object.key()) {
            return None;
        }
        let found = self.cluster.get(self.budget, &object).await.ok()?;
        let Some(found) = found else {
            let next = "make the Gateway first, or correct gateway.parent; its kind comes with the Gateway API";
            return Some(self.warning(UNREACHED, format!("{object}, which does not exist"), next, "gateway.parent"));
        };
        let labels = self.labels_of_the_namespace(&found).await;
        let url = self.registry.url().filter(|_| self.registry.external_tls != Some(true));
        let scheme = url.as_deref().and_then(|url| url.split_once("://")).map(|(scheme, _)| scheme);
        match admission(self.registry, gateway, &found, labels.as_ref(), scheme) {
            Admission::Admits => None,
            Admission::Refuses(why) => {
                let next = "correct gateway.parent or host, or let the Gateway's listener admit the route";
                Some(self.warning(UNREACHED, format!("{object}: {why}"), next, "gateway.parent"))
            }
            Admission::Speaks(protocol) => {
                let next = "name a listener of the other with gateway.parent.section_name, add one, or set external_tls to what is so";
                let told =
                    format!("{object}: it admits the route by {protocol} alone, and clients are told otherwise by url");
                Some(self.warning("will not be reached as url says", told, next, "gateway"))
            }
        }
    }

    /// The labels of the registry's namespace, where the Gateway asks for some.
    async fn labels_of_the_namespace(&self, gateway: &Value) -> Option<Value> {
        let listeners = gateway.pointer("/spec/listeners").and_then(Value::as_array)?;
        let asks = |listener: &Value| listener.pointer("/allowedRoutes/namespaces/selector").is_some();
        if !listeners.iter().any(asks) {
            return None;
        }
        let namespace = ObjectRef::of_namespace(&self.registry.namespace);
        let found = self.cluster.get(self.budget, &namespace).await.ok()??;
        found.pointer("/metadata/labels").cloned()
    }
}
