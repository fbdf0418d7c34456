//! `berth_acme_account`: an account at a certificate authority that speaks ACME.

mod identity;
pub(super) mod moved;
mod registration;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::clients::acme::{AcmeError, Found, Registered};
use crate::explain::Explanation;
use crate::provider::{Berth, Cx, directory_url};
use crate::resources::account_key::{self, KeyPlace, Source};
use crate::sdk::{
    Computed, Diagnostics, Import, Limits, Meta, Model, MoveSource, Plan, Resource, Result, Secret, Seen, Set,
    Timeouts, Value, View, check,
};

/// How long a CA that does not answer may hold up a refresh.
const PATIENCE: Duration = Duration::from_secs(10);

/// An account at a certificate authority that speaks ACME.
pub struct AcmeAccount;

/// The account's configuration and state.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct Account {
    /// The CA's directory. Default: `acme.directory_url` of the provider. Another directory means another account.
    #[attr(optional, check = directory_url())]
    pub directory_url: Computed<String>,
    /// How the CA may reach you, as URLs (`mailto:ops@example.com`). Changed in place: an address that goes from here goes at
    /// the CA, also with the whole list. Some CAs keep none.
    #[attr(check = check::text("must be a `mailto:` URL", is_mailto))]
    pub contacts: Option<Set<String>>,
    /// Whether you agree to the CA's terms of service. Nothing is registered without it; the error shows the link.
    /// Default `false`.
    #[attr(default = false)]
    pub terms_of_service_agreed: bool,
    /// The account's private key: give exactly one source. An account that the CA already has for the key is found
    /// and used. Another key later on is told to the CA (key rollover): the account, and all that it ordered, stays.
    pub account_key: Source,
    /// The key that the account has, for the apply in which `account_key` is another one: the CA wants to hear of a new
    /// key from both. Not needed when the old key can still be read where it was (the new one is in another file,
    /// variable or Secret), nor for generated keys.
    pub previous_account_key: Option<KeyPlace>,
    /// A number to change when a generated key is to be replaced: a new one is made, the CA is told, and the Secret has
    /// the old one until the CA knows the new.
    pub key_generation: Option<i64>,
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
    /// `valid`, or why an apply has something to do: `deactivated` or `revoked` by the CA, `key_missing` (its Secret is
    /// gone), `key_unknown` (the CA does not have the present key for this account yet).
    #[attr(keep)]
    pub status: Computed<String>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

impl Account {
    /// An account that exists, with what the state does not learn from the CA left open.
    fn existing(directory_url: Computed<String>, account_url: Computed<String>) -> Self {
        Self {
            directory_url,
            contacts: None,
            terms_of_service_agreed: true,
            account_key: Source::default(),
            previous_account_key: None,
            key_generation: None,
            external_account_binding: None,
            deactivate_on_destroy: false,
            account_url,
            key_thumbprint: Computed::Null,
            status: Computed::Null,
            timeouts: None,
        }
    }
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
        if config.at("previous_account_key").is_given() {
            account_key::validate_sources(*config, "previous_account_key", found);
        }
        if config.at("key_generation").is_given() && config.truth("account_key.generate") == Some(false) {
            found.error(
                &Explanation::new("BERTH-ACME-053", "`key_generation` is for keys that the provider makes")
                    .next("leave it out, or set `account_key.generate = true`")
                    .at("key_generation"),
            );
        }
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        plan_directory(cx, plan);
        account_key::holding::plan(cx, plan);
        if plan.is_create() {
            return Ok(());
        }
        if is_other_directory(plan) {
            plan.replace_for("directory_url");
        }
        warn_of_another_binding(plan);
        let status = plan.prior().text("status").map(str::to_owned);
        match status.as_deref() {
            Some(lost @ ("deactivated" | "revoked" | "key_missing")) => {
                let can_make = plan.config().truth("account_key.generate") == Some(true);
                plan.warn(&told_lost(lost, can_make));
                plan.leave_open(&["account_url", "key_thumbprint", "status"]);
            }
            Some("key_unknown") => plan.leave_open(&["key_thumbprint", "status"]),
            _ if plan.changes("account_key") || plan.changes("key_generation") => {
                plan.leave_open(&["key_thumbprint", "status"]);
            }
            _ => {}
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Account) -> Result<()> {
        let made = registration::register(cx, model).await;
        account_key::holding::finish(cx, &model.account_key, made.is_ok()).await;
        made
    }

    async fn read(&self, cx: &Cx, mut model: Account) -> Result<Option<Account>> {
        let key = match model.account_key.load(cx).await {
            Ok(Some(key)) => key,
            Ok(None) if model.account_key.place.kubernetes_secret.is_some() => {
                model.status.set("key_missing".to_owned());
                return Ok(Some(model));
            }
            // Without the key (write-only, or its source is gone) nothing can be asked, and that is no failure.
            Ok(None) | Err(_) => return Ok(Some(model)),
        };
        let Some(url) = model.directory_url.get().cloned() else { return Ok(Some(model)) };
        let what = format!("Cannot read the ACME account {}", model.account_url.get().map_or("", String::as_str));
        let ca = cx.provider().acme(&url, cx.clock()).await?;
        let known = model.account_url.get().cloned();
        match asked(cx, &what, ca.find_account(&key, known.as_deref())).await? {
            // Nothing is known beyond what the state says.
            Found::Untold => {}
            Found::Unusable(_) => model.status.set("deactivated".to_owned()),
            Found::Account(facts) if model.account_url.get().is_none_or(|url| *url == facts.url) => {
                registration::compare(&mut model, &facts, &key);
            }
            Found::Account(_) => model.status.set("key_unknown".to_owned()),
            Found::Nothing => {
                let is_new = model.key_thumbprint.get().is_none_or(|known| *known != key.thumbprint());
                if !is_new && model.account_key.pending(cx).await?.is_none() {
                    return Ok(None);
                }
                // A lost account stays one: its new key is the answer to that.
                if !registration::is_lost(&model) {
                    model.status.set("key_unknown".to_owned());
                }
            }
        }
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, prior: &Account, model: &mut Account) -> Result<()> {
        registration::change(cx, prior, model).await?;
        if prior.account_url.get().is_none() {
            account_key::holding::finish(cx, &model.account_key, true).await;
        }
        Ok(())
    }

    async fn delete(&self, cx: &Cx, mut model: Account) -> Result<()> {
        account_key::holding::recover(cx, &model.account_key).await?;
        if model.account_url.get().is_none() {
            let found = registration::find_again(cx, &mut model).await;
            found.or_else(|failure| if model.deactivate_on_destroy { Err(failure) } else { Ok(()) })?;
        }
        if !model.deactivate_on_destroy {
            account_key::holding::release(cx, &model.account_key).await;
            return Ok(());
        }
        let (Some(url), Some(account_url)) = (model.directory_url.get(), model.account_url.get()) else {
            return Ok(());
        };
        if account_key::holding::is_anothers(cx, &model.account_key, account_url).await? {
            tell_kept(cx, account_url);
            return Ok(());
        }
        if let Some(key) = model.account_key.load(cx).await? {
            let what = format!("Cannot deactivate the ACME account {account_url}");
            let ca = cx.provider().acme(url, cx.clock()).await?;
            let account = Registered { key: Arc::new(key), account_url: account_url.clone() };
            within(cx, &what, ca.deactivate_account(&account)).await?;
        }
        model.account_key.discard(cx).await
    }

    fn moved(&self, source: &MoveSource) -> Option<Result<Account>> {
        let is_it = moved::is_from_acme_provider(source) && source.r#type == "acme_registration";
        is_it.then(|| Ok(moved::registration(&source.state)))
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
        Ok(Import(Account::existing(Computed::Known(directory), Computed::Known(account_url))))
    }
}

/// Plans the provider's directory where the configuration names none, and tells where neither does.
pub(super) fn plan_directory(cx: &Cx, plan: &mut Plan<'_>) {
    if !plan.config().at("directory_url").is_null() {
        return;
    }
    if let Some(url) = cx.provider().acme_directory() {
        plan.set("directory_url", Value::from(url));
    } else if plan.is_create() && cx.provider().lacks_acme_directory() {
        plan.warn(&no_directory());
    }
}

fn no_directory() -> Explanation {
    Explanation::new("BERTH-ACME-038", "No ACME directory is given")
        .next("set `directory_url`, or `acme = { directory_url = \"…\" }` in the provider block")
        .at("directory_url")
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
        return Err(no_directory());
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

/// Asks the CA what a refresh wants to know: not for long, and a CA in trouble leaves the state as it is.
pub(super) async fn asked<T>(
    cx: &Cx,
    what: &str,
    question: impl Future<Output = std::result::Result<T, AcmeError>>,
) -> Result<T> {
    match cx.budget().at_most(PATIENCE).run(question).await {
        Ok(outcome) => outcome.map_err(|error| error.of_a_refresh(what)),
        Err(stopped) => Err(AcmeError::Stopped {
            doing: format!("the CA was given {} seconds to answer", PATIENCE.as_secs()),
            last: None,
            stopped,
            order: None,
        }
        .explain(what)),
    }
}

fn tell_kept(cx: &Cx, account_url: &str) {
    let told = Explanation::new("BERTH-ACME-099", "The ACME account was left as it is")
        .on(account_url)
        .next("another resource or state has it by now, with its key, and deactivates it if that is asked there");
    cx.warn(&told);
}

/// An account is bound when it is made, and never again (RFC 8555 §7.3.4).
fn warn_of_another_binding(plan: &mut Plan<'_>) {
    let key_id = |view: View<'_>| view.text("external_account_binding.key_id").map(str::to_owned);
    let (before, now) = (key_id(plan.prior()), key_id(plan.planned()));
    if now.is_some() && now != before && !plan.changes("directory_url") {
        let told = Explanation::new("BERTH-ACME-115", "Another external account binding changes nothing at the CA")
            .said("the provider", "an account is bound when it is made; this one exists")
            .next("to have an account that is bound so, apply with `-replace` of this resource and another account key; else leave the binding as it was")
            .at("external_account_binding.key_id");
        plan.warn(&told);
    }
}

fn told_lost(status: &str, can_make: bool) -> Explanation {
    let what = match status {
        "key_missing" => "The key of the ACME account is gone, and with it the account".to_owned(),
        status => format!("The ACME account is {status} at the CA"),
    };
    let next = if can_make {
        "apply: a new account is made, with a new key; certificates stay as they are"
    } else {
        "give another account key: a new account is then made; the CA does not take this one back"
    };
    Explanation::new("BERTH-ACME-035", what).next(next)
}
