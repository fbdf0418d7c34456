//! What a user declares of a backup.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::cert_manager::backup::{Backup, Part};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest;
use crate::provider::checks::{label, subdomain};
use crate::sdk::{Computed, Model, Set, Timeouts, check};

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
    /// Whether what lies in the Secret is put back, and nothing taken. It may be set on the resource that has taken the backup: the
    /// Secret stays as it is, also when the resource goes. Default `false`.
    #[attr(default = false)]
    pub restore: bool,
    /// Whether a restore puts back the backup before the last one, which lies in the same Secret. Default `false`.
    #[attr(default = false)]
    pub former: bool,
    /// The Secret.
    #[attr(replace)]
    pub secret: Place,
    /// The namespaces of the issuers and Certificates that are kept, or put back; all if absent. `ClusterIssuers` belong to every
    /// backup that has issuers.
    pub namespaces: Option<Set<String>>,
    /// What belongs to it: `issuers`, `certificates`, `account_keys` (of ACME, with bindings to external accounts),
    /// `dns_credentials` (all else that issuers refer to, CAs too, and passwords of keystores), and `issued`: the Secrets that
    /// Certificates fill, without which a restored Certificate is issued anew. Default: a backup takes all but `issued`, and a
    /// restore puts back all that there is.
    #[attr(check = check::one_of(&["issuers", "certificates", "account_keys", "dns_credentials", "issued"]))]
    pub include: Option<Set<String>>,
    /// The namespace of cert-manager's controller, where Secrets of `ClusterIssuers` lie. A restore puts them there, also if
    /// they were taken from another. Default `cert-manager`.
    #[attr(default = "cert-manager", check = label())]
    pub controller_namespace: String,
    /// Whether a restore replaces what is there in another form, whoever wrote it. Default `false`: it is left, and told.
    #[attr(default = false)]
    pub overwrite: bool,
    /// Values whose change takes the backup, or restores it, anew.
    pub triggers: Option<BTreeMap<String, String>>,
    /// The digest of the backup, `sha256:…`: the same for the same objects.
    pub digest: Computed<String>,
    /// What it holds, or what is there as it holds it after a restore: `cert-manager.io/v1/Certificate/NAMESPACE/NAME`.
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
        let is_meant = |name: &str, part: Part| match &self.include {
            Some(named) => named.iter().any(|it| it == name),
            None => self.restore || part != Part::Issued,
        };
        PARTS.into_iter().filter(|(name, part)| is_meant(name, *part)).map(|(_, part)| part).collect()
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
    pub fn imported(secret: &ObjectRef, backup: &Backup, digest: String) -> Self {
        let namespace = secret.namespace.clone().unwrap_or_default();
        let mut imported = Self {
            secret: Place { namespace, name: secret.name.clone() },
            controller_namespace: backup.controller.clone(),
            ..Self::default()
        };
        imported.digest.set(digest);
        imported.holds(backup.references().collect::<Vec<_>>().iter());
        imported
    }
}
