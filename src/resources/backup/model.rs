//! What a user declares of a backup.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::cert_manager::backup::{Backup, Part};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest;
use crate::provider::checks::{label, subdomain};
use crate::sdk::{Computed, Model, Set, Timeouts, Value, check};

/// The parts of a backup, by the words of `include`.
const PARTS: [(&str, Part); 5] = [
    ("issuers", Part::Issuers),
    ("certificates", Part::Certificates),
    ("account_keys", Part::AccountKeys),
    ("dns_credentials", Part::Credentials),
    ("issued", Part::Issued),
];

/// A backup's configuration and state.
#[derive(Clone, Debug, Default, Model)]
pub struct Declared {
    /// Whether what lies in the Secret is put back, and nothing taken. Default `false`.
    #[attr(default = false, replace)]
    pub restore: bool,
    /// The Secret.
    #[attr(replace)]
    pub secret: Place,
    /// The namespaces of the issuers and Certificates; all if absent. `ClusterIssuers` belong to every backup that has issuers.
    pub namespaces: Option<Set<String>>,
    /// What belongs to it: `issuers`, `certificates`, `account_keys` (of ACME, with bindings to external accounts),
    /// `dns_credentials` (all else that issuers refer to, CAs too), and `issued`: the Secrets that Certificates fill, without
    /// which a restored Certificate is issued anew. Default all but `issued`.
    #[attr(default = Value::set(PARTS.iter().take(4).map(|(name, _)| Value::from(*name)).collect()), check = check::one_of(&["issuers", "certificates", "account_keys", "dns_credentials", "issued"]))]
    pub include: Set<String>,
    /// The namespace of cert-manager's controller, where Secrets of `ClusterIssuers` lie. A restore puts them there, also if
    /// they were taken from another. Default `cert-manager`.
    #[attr(default = "cert-manager", check = label())]
    pub controller_namespace: String,
    /// Whether a restore replaces what exists. Default `false`: it is left.
    #[attr(default = false)]
    pub overwrite: bool,
    /// Values whose change takes the backup, or restores it, anew.
    pub triggers: Option<BTreeMap<String, String>>,
    /// The digest of the backup, `sha256:…`: the same for the same objects.
    pub digest: Computed<String>,
    /// What it holds, or what was put back: `cert-manager.io/v1/Certificate/NAMESPACE/NAME`.
    pub objects: Computed<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// Where a Secret is.
#[derive(Clone, Debug, Default, Model)]
pub struct Place {
    /// Its namespace, which must exist.
    #[attr(check = label())]
    pub namespace: String,
    /// Its name.
    #[attr(check = subdomain())]
    pub name: String,
}

impl Place {
    /// The Secret.
    pub fn reference(&self) -> ObjectRef {
        ObjectRef::secret(&self.namespace, &self.name)
    }
}

impl Declared {
    /// What belongs to it.
    pub fn parts(&self) -> BTreeSet<Part> {
        let is_named = |name: &str| self.include.iter().any(|it| it == name);
        PARTS.iter().filter(|(name, _)| is_named(name)).map(|(_, part)| *part).collect()
    }

    /// Whether it is about a namespace.
    pub fn covers(&self, namespace: &str) -> bool {
        self.namespaces.as_ref().is_none_or(|all| all.iter().any(|it| it == namespace))
    }

    /// Notes what it holds.
    pub fn holds<'a>(&mut self, objects: impl Iterator<Item = &'a ObjectRef>) {
        self.objects.set(objects.map(manifest::id).collect::<Vec<_>>());
    }

    /// A backup that is there already.
    pub fn imported(secret: &ObjectRef, backup: &Backup) -> Self {
        let namespace = secret.namespace.clone().unwrap_or_default();
        let mut imported = Self {
            secret: Place { namespace, name: secret.name.clone() },
            include: PARTS.iter().take(4).map(|(name, _)| (*name).to_owned()).collect(),
            controller_namespace: backup.controller.clone(),
            ..Self::default()
        };
        imported.digest.set(super::taking::digest(&backup.packed()));
        imported.holds(backup.references().collect::<Vec<_>>().iter());
        imported
    }
}
