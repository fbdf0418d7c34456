//! What of a backup is put back, and where.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Backup, Part, secrets};
use crate::domain::kubernetes::{ObjectRef, text};

/// All that a backup may hold.
const EVERYTHING: [Part; 5] = [Part::Issuers, Part::Certificates, Part::AccountKeys, Part::Credentials, Part::Issued];

impl Backup {
    /// What of it is about these namespaces and parts. `ClusterIssuers` are about all; a Secret goes with what needs or fills it,
    /// and one that nothing here needs goes with its namespace.
    #[must_use]
    pub fn only(mut self, covers: impl Fn(&str) -> bool, parts: &BTreeSet<Part>) -> Self {
        let is_covered = |object: &Value| namespace(object).is_none_or(&covers);
        let chosen = secrets(self.objects.iter().filter(|it| is_covered(it)), &self.controller, parts);
        let claimed = secrets(&self.objects, &self.controller, &EVERYTHING.into());
        let takes_secrets =
            [Part::AccountKeys, Part::Credentials, Part::Issued].iter().any(|part| parts.contains(part));
        self.objects.retain(|object| match kind(object) {
            "Secret" => ObjectRef::of(object).is_some_and(|secret| {
                chosen.contains(&secret) || (takes_secrets && !claimed.contains(&secret) && is_covered(object))
            }),
            "Certificate" => parts.contains(&Part::Certificates) && is_covered(object),
            _ => parts.contains(&Part::Issuers) && is_covered(object),
        });
        self
    }

    /// The same for a controller in another namespace: the Secrets of `ClusterIssuers` go along. What Issuers and Certificates of
    /// the former namespace need stays with them.
    #[must_use]
    pub fn moved_to(mut self, controller: &str) -> Self {
        if self.controller == controller {
            return self;
        }
        let needed = |of_cluster: bool| {
            let those = self.objects.iter().filter(|it| namespace(it).is_none() == of_cluster);
            secrets(those, &self.controller, &EVERYTHING.into())
        };
        let (of_cluster, of_namespaces) = (needed(true), needed(false));
        let mut moved = Vec::new();
        for mut object in std::mem::take(&mut self.objects) {
            let secret = ObjectRef::of(&object).filter(|_| kind(&object) == "Secret");
            let Some(secret) = secret.filter(|it| it.namespace.as_deref() == Some(&self.controller)) else {
                moved.push(object);
                continue;
            };
            let stays = of_namespaces.contains(&secret);
            if stays {
                moved.push(object.clone());
            }
            if !stays || of_cluster.contains(&secret) {
                if let Some(place) = object.pointer_mut("/metadata/namespace") {
                    *place = controller.into();
                }
                moved.push(object);
            }
        }
        moved.sort_by_key(|object| (super::rank(object), ObjectRef::of(object)));
        Self { controller: controller.to_owned(), objects: moved }
    }
}

fn namespace(object: &Value) -> Option<&str> {
    text(object, "/metadata/namespace")
}

fn kind(object: &Value) -> &str {
    text(object, "/kind").unwrap_or_default()
}
