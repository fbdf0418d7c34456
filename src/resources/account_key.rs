//! Where the private key of an ACME account comes from; both ACME types share it.

pub mod holding;

use serde_json::Value;

use crate::clients::acme::{AccountKey, AcmeError};
use crate::clients::cluster::{ClusterError, Removal};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::{Claim, is_unfinished};
use crate::domain::tls_secret::{self, Wanted};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::acme_certificate::ledger;
use crate::resources::tenancy;
use crate::sdk::{Diagnostics, Model, Result, Secret, View};

/// The ways to give a key, one of which must be used.
const SOURCES: [&str; 4] = ["pem_wo", "file", "env", "kubernetes_secret"];

/// Where a private key of an ACME account is: give exactly one. PEM: ECDSA on P-256, P-384 or P-521, or RSA, as PKCS#8,
/// SEC 1 or PKCS#1 (the Secrets of cert-manager's accounts among them). It never reaches the state.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct KeyPlace {
    /// The key itself. It is used while applying and kept nowhere, so a destroy cannot use it.
    #[attr(write_only)]
    pub pem_wo: Option<Secret>,
    /// A number to change whenever `pem_wo` changes: Terraform cannot see that by itself.
    pub pem_wo_version: Option<i64>,
    /// A file with the key, on the machine that runs Terraform.
    pub file: Option<String>,
    /// An environment variable with the key.
    pub env: Option<String>,
    /// A Secret in the cluster with the key.
    pub kubernetes_secret: Option<Place>,
}

/// The private key of an ACME account: where it is, or where it is made.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Source {
    /// Where it is.
    #[attr(flatten)]
    pub place: KeyPlace,
    /// Of a `berth_acme_account` only, which makes a key and puts it into `kubernetes_secret` when there is none; certificates
    /// and orders read the key that is there. Default `false`.
    #[attr(default = false)]
    pub generate: bool,
}

/// An entry of a Secret.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Place {
    /// The Secret's namespace.
    pub namespace: String,
    /// The Secret's name.
    pub name: String,
    /// The entry with the key. Default `tls.key`, as in the Secrets of cert-manager.
    #[attr(default = "tls.key")]
    pub key: String,
    /// Of a `berth_acme_account` with `generate` only: whether the namespace is made if it does not exist. One that was made
    /// goes again with the key, if nothing else is in it. Default `false`.
    #[attr(default = false)]
    pub create_namespace: bool,
}

/// What namespaces are marked with that were made for a generated key.
const APPLICATION: &str = "acme-account";

impl Place {
    fn object(&self) -> ObjectRef {
        ObjectRef::secret(&self.namespace, &self.name)
    }

    fn told(&self) -> String {
        format!("Secret {}/{}, entry `{}`", self.namespace, self.name, self.key)
    }

    /// The entry for the key that is to take over.
    fn next_entry(&self) -> String {
        format!("{}.next", self.key)
    }
}

/// Tests that one source is given, and that what is asked of it can be.
pub fn validate(config: View<'_>, found: &mut Diagnostics) {
    if config.at("account_key").is_unknown() {
        return;
    }
    validate_sources(config, "account_key", found);
    if config.truth("account_key.generate") == Some(true) && config.at("account_key.kubernetes_secret").is_null() {
        found.error(
            &Explanation::new("BERTH-ACME-031", "A generated account key needs a place to be kept")
                .next("set `account_key.kubernetes_secret`, or make the key yourself and leave `generate` out")
                .at("account_key.generate"),
        );
    }
}

/// Tells those who only read a key what they cannot do with it.
pub fn validate_reader(config: View<'_>, found: &mut Diagnostics) {
    // `create_namespace` comes along where the account's `kubernetes_secret` is handed on as a whole, and does no harm.
    let at = "account_key.generate";
    if config.truth(at) == Some(true) {
        let what = format!("`{at}` has no effect here: the key is only read");
        let next = "leave it out, and set it at the `berth_acme_account` of this key";
        found.warning(&Explanation::new("BERTH-ACME-119", what).next(next).at(at));
    }
}

/// Tests that the key at `attribute` has exactly one source.
pub fn validate_sources(config: View<'_>, attribute: &str, found: &mut Diagnostics) {
    let at = |name: &str| config.at(&format!("{attribute}.{name}"));
    let chosen: Vec<_> = SOURCES.into_iter().filter(|name| !at(name).is_null()).collect();
    for name in chosen.iter().filter(|name| config.text(&format!("{attribute}.{name}")) == Some("")) {
        let at = format!("{attribute}.{name}");
        let what = format!("`{at}` is empty");
        let next = "give a value; if it comes from a variable or the environment, that one is not set";
        found.error(&Explanation::new("BERTH-ACME-030", what).next(next).at(at));
    }
    let is_open = SOURCES.iter().any(|name| at(name).is_unknown());
    if chosen.is_empty() || (chosen.len() > 1 && !is_open) {
        let what = format!("`{attribute}` must say where the key is, once; it gives {}", listed(&chosen));
        found.error(
            &Explanation::new("BERTH-ACME-030", what)
                .next(format!("set exactly one of {}", listed(&SOURCES)))
                .at(attribute),
        );
    }
}

/// Tests that a switch that acts on destroy finds a key then.
pub fn validate_destroy(config: View<'_>, switch: &str, found: &mut Diagnostics) {
    let is_write_only = !config.at("account_key").is_unknown() && config.at("account_key.pem_wo").is_given();
    if config.truth(switch) == Some(true) && is_write_only {
        found.error(
            &Explanation::new(
                "BERTH-ACME-032",
                format!("`{switch}` needs the account key when everything is destroyed"),
            )
            .next("give the key by `file`, `env` or `kubernetes_secret`: a write-only value is not there on destroy")
            .at(switch),
        );
    }
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() { "none".to_owned() } else { quoted.join(", ") }
}

impl KeyPlace {
    /// The key; `None` if it is write-only and this is no apply, or if its Secret does not hold one.
    pub async fn load(&self, cx: &Cx) -> Result<Option<AccountKey>> {
        let pem = if let Some(pem) = &self.pem_wo {
            Some(pem.clone())
        } else if let Some(path) = &self.file {
            Some(read_file(path).await?)
        } else if let Some(name) = &self.env {
            Some(read_variable(cx, name)?)
        } else if let Some(place) = &self.kubernetes_secret {
            read_secret(cx, place).await?
        } else {
            None
        };
        pem.map(|pem| AccountKey::from_pem(&pem).map_err(|error| unusable(&error))).transpose()
    }

    /// The key; an error if there is none.
    pub async fn require(&self, cx: &Cx) -> Result<AccountKey> {
        if let Some(key) = self.load(cx).await? {
            return Ok(key);
        }
        let told = Explanation::new("BERTH-ACME-033", "Cannot find the account key").at("account_key");
        Err(match &self.kubernetes_secret {
            Some(place) => told.on(place.told()).next(
                "apply the `berth_acme_account` that makes it first (refer to it, or use `depends_on`), or put the key there",
            ),
            None => told.next("give the key by `pem_wo`, `file`, `env` or `kubernetes_secret`"),
        })
    }
}

impl Source {
    /// The key; `None` if it is write-only and this is no apply, or if its Secret does not hold one.
    pub async fn load(&self, cx: &Cx) -> Result<Option<AccountKey>> {
        self.place.load(cx).await
    }

    /// The key; an error if there is none.
    pub async fn require(&self, cx: &Cx) -> Result<AccountKey> {
        self.place.require(cx).await
    }

    /// The key; made and stored first if that is wished and there is none.
    pub async fn require_or_make(&self, cx: &Cx) -> Result<AccountKey> {
        if let Some(place) = self.own_place() {
            holding::admit(cx, place).await?;
            if self.load(cx).await?.is_none() {
                make(cx, place).await?;
            }
        }
        self.require(cx).await
    }

    /// The place of a generated key; `None` if the key is the user's.
    pub fn own_place(&self) -> Option<&Place> {
        self.place.kubernetes_secret.as_ref().filter(|_| self.generate)
    }

    /// A generated key that is to take over and has not yet: it lies beside the present one until the CA knows it.
    pub async fn pending(&self, cx: &Cx) -> Result<Option<AccountKey>> {
        let Some(place) = self.own_place() else { return Ok(None) };
        let next = Place { key: place.next_entry(), ..place.clone() };
        let pem = read_secret(cx, &next).await?;
        pem.map(|pem| AccountKey::from_pem(&pem).map_err(|error| unusable(&error))).transpose()
    }

    /// The generated key that is to take over: the pending one, else a new one, kept before the CA hears of it.
    pub async fn prepare(&self, cx: &Cx, place: &Place) -> Result<AccountKey> {
        if let Some(pending) = self.pending(cx).await? {
            return Ok(pending);
        }
        let pem = AccountKey::generate().map_err(|error| unusable(&error))?;
        let wanted = keeping(place, place.next_entry(), pem.clone());
        let written = cx.provider().cluster()?.update(cx.budget(), &wanted.object, |object| wanted.write_into(object));
        written.await.map_err(|error| error.explain("Cannot store a new account key"))?;
        AccountKey::from_pem(&pem).map_err(|error| unusable(&error))
    }

    /// Puts the pending key in the place of the present one.
    pub async fn promote(&self, cx: &Cx, place: &Place) -> Result<()> {
        let secret = place.object();
        let promoted = cx
            .provider()
            .cluster()?
            .update(cx.budget(), &secret, |object| tls_secret::move_entry(object, &place.next_entry(), &place.key));
        promoted.await.map(|_| ()).map_err(|error| error.explain("Cannot store a new account key"))
    }

    /// Takes a generated key away that no account came to have: what a create made that failed. One that an account had before
    /// is kept, and so is one that cannot be removed, which the user is told.
    pub async fn discard_unused(&self, cx: &Cx) {
        let Some(place) = self.own_place() else { return };
        let discarded = async {
            let found = cx.provider().cluster()?.get(cx.budget(), &place.object()).await;
            let found = found.map_err(|error| error.explain("Cannot remove the generated account key"))?;
            // Without the Secret there may be the namespace that was made for it.
            if found.is_none_or(|found| is_unfinished(&found)) { self.discard(cx).await } else { Ok(()) }
        };
        if let Err(failure) = discarded.await {
            let next = "nothing, if you apply again: the key is used then; else remove the Secret";
            cx.warn(&failure.on(place.told()).next(next));
        }
    }

    /// Takes a generated key away, if we made its Secret.
    pub async fn discard(&self, cx: &Cx) -> Result<()> {
        let Some(place) = self.own_place() else { return Ok(()) };
        let cluster = cx.provider().cluster()?;
        let object = place.object();
        let trouble = |error: ClusterError| error.explain("Cannot remove the generated account key");
        let claim = holding::claim_of(cx, place);
        let tenure = |found: &Value| holding::tenure(&claim, found);
        if cluster.delete_by(cx.budget(), &object, tenure).await.map_err(trouble)? == Removal::Left {
            return Ok(());
        }
        cluster.wait_until_left_by(cx.budget(), &object, tenure).await.map_err(trouble)?;
        if let Some(ledger) = ledger::object(self) {
            cluster.delete(cx.budget(), &ledger, None).await.map_err(trouble)?;
        }
        if place.create_namespace {
            let removed = cluster.remove_own_empty_namespace(cx.budget(), &place.namespace, &claim).await;
            tenancy::tell_vacancy(cx, &place.namespace, &removed.map_err(trouble)?);
        }
        Ok(())
    }
}

async fn read_file(path: &str) -> Result<Secret> {
    tokio::fs::read_to_string(path).await.map(Secret::new).map_err(|error| {
        Explanation::new("BERTH-ACME-034", "Cannot read the account key")
            .on(format!("file {path}"))
            .said("the system", error.to_string())
            .next("check the path, which starts at the working directory, and who may read the file")
            .at("account_key.file")
    })
}

fn read_variable(cx: &Cx, name: &str) -> Result<Secret> {
    cx.provider().env().get(name).map(Secret::new).ok_or_else(|| {
        Explanation::new("BERTH-ACME-034", "Cannot read the account key")
            .on(format!("environment variable {name}"))
            .next("set the variable where Terraform runs; it holds the PEM text itself")
            .at("account_key.env")
    })
}

async fn read_secret(cx: &Cx, place: &Place) -> Result<Option<Secret>> {
    let cluster = cx.provider().cluster()?;
    let found = cluster.get(cx.budget(), &place.object()).await;
    let found = found.map_err(|error| error.explain("Cannot read the account key"))?;
    Ok(found.and_then(|secret| tls_secret::entry(&secret, &place.key)))
}

/// Makes a key and stores it. Whoever is first wins: the key that is there in the end is the account's.
async fn make(cx: &Cx, place: &Place) -> Result<()> {
    let cluster = cx.provider().cluster()?;
    let trouble = |error: ClusterError| error.explain("Cannot store a new account key");
    if place.create_namespace {
        let made = cluster.ensure_namespace(cx.budget(), &place.namespace, &holding::claim_of(cx, place)).await;
        made.map_err(trouble)?;
    }
    let pem = AccountKey::generate().map_err(|error| unusable(&error))?;
    let mut wanted = keeping(place, place.key.clone(), pem);
    wanted.annotations = Claim { is_open: true, ..holding::claim_of(cx, place) }.marks(&wanted.object);
    match cluster.create(cx.budget(), &wanted.manifest()).await {
        Ok(_) => Ok(()),
        Err(ClusterError::Foreign { .. }) if read_secret(cx, place).await?.is_some() => Ok(()),
        Err(error) => Err(trouble(error)),
    }
}

/// The Secret of `place` with the key in one entry.
fn keeping(place: &Place, entry: String, pem: Secret) -> Wanted {
    Wanted::opaque(place.object(), [(entry, pem)].into())
}

fn unusable(error: &AcmeError) -> Explanation {
    error.explain("Cannot use the account key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk::Value;

    fn complaints(account_key: Value) -> Vec<String> {
        let config = Value::object([("account_key", account_key), ("deactivate_on_destroy", Value::from(true))]);
        let mut found = Diagnostics::default();
        validate(View::new(&config), &mut found);
        validate_destroy(View::new(&config), "deactivate_on_destroy", &mut found);
        found.codes()
    }

    #[test]
    fn one_source_is_given_and_no_more() {
        let secret = || Value::object([("namespace", Value::from("a")), ("name", Value::from("b"))]);
        let cases = [
            (Value::object([("file", Value::from("k"))]), vec![]),
            (Value::object([("file", Value::Unknown)]), vec![]),
            (Value::object([("kubernetes_secret", secret()), ("generate", Value::from(true))]), vec![]),
            (Value::object::<&str>([]), vec!["BERTH-ACME-030"]),
            (Value::object([("file", Value::from("k")), ("env", Value::from("K"))]), vec!["BERTH-ACME-030"]),
            (Value::object([("file", Value::from(""))]), vec!["BERTH-ACME-030"]),
            (Value::object([("file", Value::from("k")), ("generate", Value::from(true))]), vec!["BERTH-ACME-031"]),
            (Value::object([("pem_wo", Value::from("k"))]), vec!["BERTH-ACME-032"]),
            (Value::Unknown, vec![]),
        ];
        for (value, expected) in cases {
            assert_eq!(complaints(value.clone()), expected, "{value:?}");
        }
    }
}
