//! `berth_acme_account`: an account at a certificate authority that speaks ACME.

use std::future::Future;
use std::sync::Arc;

use crate::clients::acme::{AccountFacts, AccountKey, Acme, AcmeError, ExternalAccount, Found, NewAccount, Registered};
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::resources::account_key::{self, Source};
use crate::sdk::{
    Computed, Diagnostics, Import, Limits, Meta, Model, Plan, Resource, Result, Secret, Seen, Set, Timeouts, Value,
    View, check,
};

/// An account at a certificate authority that speaks ACME.
pub struct AcmeAccount;

/// The account's configuration and state.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct Account {
    /// The CA's directory. Default: `acme.directory_url` of the provider. Another directory means another account.
    #[attr(optional)]
    pub directory_url: Computed<String>,
    /// How the CA may reach you, as URLs (`mailto:ops@example.com`). Changed in place. Some CAs keep none.
    #[attr(check = check::text("must be a `mailto:` URL", is_mailto))]
    pub contacts: Option<Set<String>>,
    /// Whether you agree to the CA's terms of service. Nothing is registered without it; the error shows the link.
    /// Default `false`.
    #[attr(default = false)]
    pub terms_of_service_agreed: bool,
    /// The account's private key: give exactly one source. An account that the CA already has for the key is found
    /// and used; another key leads to another account.
    pub account_key: Source,
    /// An account of the CA's own system to bind to, where the CA asks for that. Used when the account is made.
    pub external_account_binding: Option<Binding>,
    /// Whether a destroy deactivates the account at the CA, for good, and removes a generated key.
    /// Default `false`: the account and its key stay.
    #[attr(default = false)]
    pub deactivate_on_destroy: bool,
    /// The account's URL: its name at the CA.
    #[attr(keep)]
    pub account_url: Computed<String>,
    /// The thumbprint of the account's public key (RFC 7638).
    #[attr(keep)]
    pub key_thumbprint: Computed<String>,
    /// `valid`, `deactivated` or `revoked`.
    #[attr(keep)]
    pub status: Computed<String>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// An account of the CA's own system (RFC 8555 §7.3.4).
#[derive(Clone, Debug, PartialEq, Model)]
pub struct Binding {
    /// The key identifier that the CA gave.
    pub key_id: String,
    /// The HMAC key that the CA gave, base64url.
    #[attr(write_only)]
    pub hmac_key_wo: Option<Secret>,
    /// A number to change whenever `hmac_key_wo` changes.
    pub hmac_key_wo_version: Option<i64>,
}

fn is_mailto(contact: &str) -> std::result::Result<(), String> {
    let address = contact.strip_prefix("mailto:").filter(|address| address.contains('@'));
    address.map(|_| ()).ok_or_else(|| format!("must be a URL such as `mailto:ops@example.com`, and is `{contact}`"))
}

impl Resource<Berth> for AcmeAccount {
    type Model = Account;

    const NAME: &'static str = "berth_acme_account";

    const META: Meta = Meta {
        import_id: "ACCOUNT_URL or DIRECTORY_URL,ACCOUNT_URL",
        limits: Limits::minutes(5),
        ..Meta::new(
            "Certificates",
            "An account at a certificate authority that speaks ACME. Its key stays out of the state; an account that \
             exists for the key is found again.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        account_key::validate(*config, found);
        account_key::validate_destroy(*config, "deactivate_on_destroy", found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        plan_directory(cx, plan);
        if plan.is_create() {
            return Ok(());
        }
        if is_other_directory(plan) {
            plan.replace_for("directory_url");
        }
        if plan.changes("account_key") {
            plan.leave_open(&["account_url", "key_thumbprint", "status"]);
        }
        if let Some(status) = plan.prior().text("status").filter(|status| *status != "valid") {
            let what = format!("The ACME account is {status} at the CA");
            plan.warn(
                &Explanation::new("BERTH-ACME-035", what)
                    .next("give another account key; the CA does not take this one back"),
            );
            plan.leave_open(&["status"]);
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Account) -> Result<()> {
        register(cx, model).await
    }

    async fn read(&self, cx: &Cx, mut model: Account) -> Result<Option<Account>> {
        // Without the key (write-only, or its source is gone) nothing can be asked, and that is no failure.
        let Ok(Some(key)) = model.account_key.load(cx).await else { return Ok(Some(model)) };
        let Some(url) = model.directory_url.get().cloned() else { return Ok(Some(model)) };
        let what = format!("Cannot read the ACME account {}", model.account_url.get().map_or("", String::as_str));
        let ca = cx.provider().acme(&url, cx.clock()).await?;
        match within(cx, &what, ca.find_account(&key)).await? {
            Found::Nothing => Ok(None),
            Found::Unusable(_) => {
                model.status.set("deactivated".to_owned());
                Ok(Some(model))
            }
            Found::Account(facts) => {
                let drifted =
                    facts.contacts.clone().filter(|contacts| !same_contacts(contacts, model.contacts.as_ref()));
                if let (Some(contacts), Some(_)) = (drifted, &model.contacts) {
                    model.contacts = Some(Set(contacts));
                }
                fill(&mut model, &facts, &key);
                Ok(Some(model))
            }
        }
    }

    async fn update(&self, cx: &Cx, prior: &Account, model: &mut Account) -> Result<()> {
        register(cx, model).await?;
        let before = prior.account_url.get();
        if let Some(before) = before.filter(|before| Some(*before) != model.account_url.get()) {
            let what = format!("The new account key belongs to another ACME account; {before} stays at the CA");
            cx.warn(
                &Explanation::new("BERTH-ACME-036", what)
                    .next("deactivate the old account with its key if nothing needs it"),
            );
        }
        Ok(())
    }

    async fn delete(&self, cx: &Cx, model: Account) -> Result<()> {
        if !model.deactivate_on_destroy {
            return Ok(());
        }
        let (Some(url), Some(account_url)) = (model.directory_url.get(), model.account_url.get()) else {
            return Ok(());
        };
        if let Some(key) = model.account_key.load(cx).await? {
            let what = format!("Cannot deactivate the ACME account {account_url}");
            let ca = cx.provider().acme(url, cx.clock()).await?;
            let account = Registered { key: Arc::new(key), account_url: account_url.clone() };
            within(cx, &what, ca.deactivate_account(&account)).await?;
        }
        model.account_key.discard(cx).await
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Account>> {
        let (directory, account_url) = match id.split_once(',') {
            Some((directory, account)) => (Some(directory.to_owned()), account.to_owned()),
            None => (cx.provider().acme_directory().map(str::to_owned), id.to_owned()),
        };
        let Some(directory) = directory.filter(|_| account_url.starts_with("https://")) else {
            return Err(Explanation::new("BERTH-ACME-037", format!("Cannot import an ACME account as `{id}`")).next(
                "give the account's URL, with `acme.directory_url` set in the provider block; or `DIRECTORY_URL,ACCOUNT_URL`",
            ));
        };
        Ok(Import(Account {
            directory_url: Computed::Known(directory),
            contacts: None,
            terms_of_service_agreed: true,
            account_key: Source::default(),
            external_account_binding: None,
            deactivate_on_destroy: false,
            account_url: Computed::Known(account_url),
            key_thumbprint: Computed::Null,
            status: Computed::Null,
            timeouts: None,
        }))
    }
}

/// Plans the provider's directory where the configuration names none.
pub(super) fn plan_directory(cx: &Cx, plan: &mut Plan<'_>) {
    if plan.config().at("directory_url").is_null()
        && let Some(url) = cx.provider().acme_directory()
    {
        plan.set("directory_url", Value::from(url));
    }
}

/// Whether a directory was known before and another one is planned.
pub(super) fn is_other_directory(plan: &Plan<'_>) -> bool {
    matches!(plan.prior().at("directory_url"), Seen::Known(_)) && plan.changes("directory_url")
}

/// The directory to use: the model's own, else the provider's.
pub(super) fn directory_of(cx: &Cx, own: &mut Computed<String>) -> Result<String> {
    if let Some(url) = own.get() {
        return Ok(url.clone());
    }
    let Some(url) = cx.provider().acme_directory() else {
        return Err(Explanation::new("BERTH-ACME-038", "No ACME directory is given")
            .next("set `directory_url`, or `acme = { directory_url = \"…\" }` in the provider block")
            .at("directory_url"));
    };
    own.set(url.to_owned());
    Ok(url.to_owned())
}

/// Waits for a call to the CA within the operation's time.
pub(super) async fn within<T>(
    cx: &Cx,
    what: &str,
    call: impl Future<Output = std::result::Result<T, AcmeError>>,
) -> Result<T> {
    let outcome = cx.budget().run(call).await;
    let stopped =
        |stopped| AcmeError::Stopped { doing: "the CA is asked".to_owned(), last: None, stopped, order: None };
    outcome.unwrap_or_else(|why| Err(stopped(why))).map_err(|error| error.explain(what))
}

/// Finds or makes the account of the key and brings its contacts in line.
async fn register(cx: &Cx, model: &mut Account) -> Result<()> {
    let url = directory_of(cx, &mut model.directory_url)?;
    let what = format!("Cannot register the ACME account at {url}");
    let key = model.account_key.require_or_make(cx).await?;
    let ca = cx.provider().acme(&url, cx.clock()).await?;
    let facts = match within(cx, &what, ca.find_account(&key)).await? {
        Found::Account(facts) => with_contacts(cx, &what, &ca, (facts, &key), model).await?,
        Found::Nothing => within(cx, &what, ca.create_account(&key, &new_account(model))).await?,
        Found::Unusable(words) => {
            return Err(Explanation::new("BERTH-ACME-039", what)
                .on(format!("the account of the key {}", key.thumbprint()))
                .said("the CA", words)
                .next("the CA does not take this key back: give another account key. Nothing was changed")
                .at("account_key"));
        }
    };
    fill(model, &facts, &key);
    cx.exists();
    Ok(())
}

async fn with_contacts(
    cx: &Cx,
    what: &str,
    ca: &Acme,
    (facts, key): (AccountFacts, &AccountKey),
    model: &Account,
) -> Result<AccountFacts> {
    let differ = facts.contacts.as_ref().is_some_and(|contacts| !same_contacts(contacts, model.contacts.as_ref()));
    let Some(wanted) = model.contacts.as_ref().filter(|_| differ) else { return Ok(facts) };
    within(cx, what, ca.update_contacts(key, &facts.url, &wanted.0)).await
}

fn new_account(model: &Account) -> NewAccount {
    let external = model.external_account_binding.as_ref().and_then(|binding| {
        Some(ExternalAccount { key_id: binding.key_id.clone(), hmac_key: binding.hmac_key_wo.clone()? })
    });
    let contacts = model.contacts.as_ref().map(|contacts| contacts.0.clone()).unwrap_or_default();
    NewAccount { contacts, terms_agreed: model.terms_of_service_agreed, external }
}

fn same_contacts(found: &[String], wanted: Option<&Set<String>>) -> bool {
    let wanted = wanted.map(|set| &set.0[..]).unwrap_or_default();
    found.len() == wanted.len() && found.iter().all(|contact| wanted.contains(contact))
}

fn fill(model: &mut Account, facts: &AccountFacts, key: &AccountKey) {
    model.account_url.set(facts.url.clone());
    model.key_thumbprint.set(key.thumbprint());
    model.status.set(facts.status.clone());
}
