//! Issues a certificate and puts it where it belongs.

use std::sync::Arc;
use std::time::Duration;

use crate::clients::acme::issue::{Issuance, Issued, Journal as _, Wish};
use crate::clients::acme::{AccountKey, Acme, AcmeError, Found, KeyType, LeafKey, Registered};
use crate::clients::dns::{Check, Dns};
use crate::domain::dns::zone::Visibility;
use crate::domain::renewal::{in_days, is_jump};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::acme_account::{directory_of, within};
use crate::resources::acme_order::model::parse_reference;
use crate::retry::Budget;
use crate::sdk::{Computed, Result};

use super::journal::Book;
use super::model::Certificate;
use super::publisher::Prover;
use super::rehearsal::rehearse;
use super::{destination, import, ledger, schedule, solver};

/// How long closing the journal may take, also after an interrupt.
const TIDYING: Duration = Duration::from_secs(10);

/// Issues; `prior` is the certificate that it replaces, which stays in place until the new one is stored.
pub async fn issue(cx: &Cx, model: &mut Certificate, prior: Option<&Certificate>) -> Result<()> {
    let what = format!("Cannot issue the certificate for {}", model.title());
    let url = directory_of(cx, &mut model.directory_url)?;
    let ca = cx.provider().acme(&url, cx.clock()).await?;
    let account = account(cx, &ca, model, &what).await?;
    let publisher = Prover::of(cx, model).await?;
    let dns = publisher.undeceived(resolver(cx, model)?).await;
    let journal = Book::of(cx, model.kubernetes_secret.as_ref(), prior.is_none())?;
    destination::prepare(cx, model, prior).await?;
    let wish = wish(cx, model, prior).await?;
    let issuance = Issuance {
        ca: &ca,
        account: &account,
        dns: &dns,
        follow_cname: model.dns01().follow_cname,
        publisher: &publisher,
        journal: &journal,
    };
    let print = issuance.print(&wish);
    let issued = if let Some(issued) = stored_before(cx, model, prior, &print).await? {
        issued
    } else {
        rehearse(cx, model, prior, (&publisher, &dns)).await?;
        issuance.run(&wish, cx.budget()).await.map_err(|error| failed(model, &error, what))?
    };
    let kind = ledger::kind_of(cx, model, prior, issued.is_replacement).await;
    keep(cx, model, prior, (&issued, &print)).await?;
    ledger::record(cx, &ca, model, kind).await;
    forget(&journal, cx).await;
    tell_left_behind(cx, &issued);
    tell_other_roots(cx, model, &issued);
    tell_other_lifetime(cx, model, prior);
    schedule::refresh(cx, model).await;
    Ok(())
}

/// Why nothing was issued. The records of an order that somebody else made are the user's.
fn failed(model: &Certificate, error: &AcmeError, what: String) -> Explanation {
    match error {
        AcmeError::Dns(error) if model.order.is_some() => error.explain_published(what),
        error => error.explain(what),
    }
}

/// Closes the journal. The certificate is stored, and nothing that fails from here on may cost it: a journal that is left is
/// recognised by the next run.
async fn forget(journal: &Book<'_>, cx: &Cx) {
    if let Err(error) = journal.forget(&Budget::for_cleanup(TIDYING)).await {
        cx.warn(&error);
    }
}

/// What a run stored for the same wish that was killed before Terraform heard of it.
async fn stored_before(
    cx: &Cx,
    model: &Certificate,
    prior: Option<&Certificate>,
    print: &str,
) -> Result<Option<Issued>> {
    let Some(place) = &model.kubernetes_secret else { return Ok(None) };
    let stored = destination::stored_for(cx, place, model, print).await?;
    // A certificate without identifier leaves no mark in the wish for its successor, and is not its own.
    let old = prior.and_then(|prior| prior.fingerprint_sha256.get());
    Ok(stored.filter(|(chain, _)| Some(&chain.facts.fingerprint_sha256) != old).map(|(chain, key)| {
        tracing::info!(serial_number = chain.facts.serial_number, "the certificate was stored by an earlier run");
        Issued {
            chain,
            key: Some(key),
            order_url: String::new(),
            profile: None,
            is_replacement: false,
            left_behind: Vec::new(),
            other_roots: Vec::new(),
        }
    }))
}

/// Removes what an unfinished issuance left in the cluster; its order can still be completed.
pub async fn clear_sites(cx: &Cx, model: &Certificate) -> Result<()> {
    let Some(now) = solver::site(model) else { return Ok(()) };
    let journal = Book::of(cx, model.kubernetes_secret.as_ref(), false)?;
    let entry = journal.load(cx.budget()).await?;
    let mut sites = entry.map_or_else(Vec::new, |entry| entry.sites);
    sites.push(now.to_string());
    for site in &sites {
        solver::clear(cx, site, cx.budget()).await?;
    }
    Ok(())
}

/// The account of the model's key: the one it names, else the one that the CA has for the key.
pub async fn account(cx: &Cx, ca: &Acme, model: &Certificate, what: &str) -> Result<Registered> {
    let key = model.account_key.require(cx).await?;
    registered(cx, ca, key, model.account_url.as_ref(), what).await
}

/// The account of a key: the one that is named, else the one that the CA has for the key.
pub async fn registered(
    cx: &Cx,
    ca: &Acme,
    key: AccountKey,
    account_url: Option<&String>,
    what: &str,
) -> Result<Registered> {
    let key = Arc::new(key);
    if let Some(url) = account_url {
        return Ok(Registered { key, account_url: url.clone() });
    }
    match within(cx, what, ca.find_account(&key, None)).await? {
        Found::Account(facts) => Ok(Registered { key, account_url: facts.url }),
        Found::Untold => Err(untold(ca, &key, what)),
        Found::Nothing => Err(Explanation::new("BERTH-ACME-009", what)
            .on(format!("the key {} at {}", key.thumbprint(), ca.directory_url()))
            .said("the CA", "no account exists with this key")
            .next("register it with a `berth_acme_account` first: set `account_url` to its `account_url`, or use `depends_on`")
            .at("account_key")),
        Found::Unusable(words) => Err(Explanation::new("BERTH-ACME-039", what)
            .on(format!("the account of the key {} at {}", key.thumbprint(), ca.directory_url()))
            .said("the CA", words)
            .next("the CA does not take this key back: register another one")
            .at("account_key")),
    }
}

/// A CA that tells nothing of the account of a key.
pub fn untold(ca: &Acme, key: &AccountKey, what: &str) -> Explanation {
    Explanation::new("BERTH-ACME-110", what)
        .on(format!("the key {} at {}", key.thumbprint(), ca.directory_url()))
        .said("the CA", "it tells nothing of an account without an external account binding")
        .next("set `account_url` to the `account_url` of the `berth_acme_account` whose key this is")
        .at("account_url")
}

fn resolver(cx: &Cx, model: &Certificate) -> Result<Dns> {
    let dns = cx.provider().dns()?;
    let settings = model.dns01();
    Ok(match dns.check() {
        _ if settings.wait != "authoritative" => dns.checking(Check::None),
        // The servers of a private zone answer nobody but the resolvers of its networks.
        Check::Authoritative if settings.visibility() == Visibility::Private => dns.checking(Check::Recursive),
        _ => dns,
    })
}

async fn wish(cx: &Cx, model: &Certificate, prior: Option<&Certificate>) -> Result<Wish> {
    let same_ca =
        prior.filter(|prior| prior.directory_url == model.directory_url || prior.directory_url.get().is_none());
    let names = model.names();
    let common_name =
        model.common_name.as_ref().map(|name| crate::domain::certificate_name::canonical([name.as_str()]).concat());
    Ok(Wish {
        names,
        common_name,
        key: leaf_key(cx, model, prior).await?,
        profile: model.profile.clone(),
        replaces: same_ca.and_then(Certificate::chain).and_then(|chain| chain.facts.succeeded_by(&model.names())),
        preferred_root: model.preferred_chain.clone(),
        must_staple: model.must_staple,
        order_url: model.order.as_deref().map(|order| parse_reference(order).0.to_owned()),
    })
}

async fn leaf_key(cx: &Cx, model: &Certificate, prior: Option<&Certificate>) -> Result<LeafKey> {
    if let Some(csr) = &model.csr_pem {
        return Ok(LeafKey::Foreign(csr.clone()));
    }
    let kind: KeyType = model.key_type.parse().unwrap_or_default();
    let keeps = prior.filter(|prior| model.key_rotation == "never" && prior.key_type == model.key_type);
    let Some(prior) = keeps else { return Ok(LeafKey::New(kind)) };
    Ok(destination::present_key(cx, prior).await?.map_or(LeafKey::New(kind), LeafKey::Kept))
}

/// Stores a certificate: in its Secrets, with the print of the wish that it was issued for, and in the model.
async fn keep(
    cx: &Cx,
    model: &mut Certificate,
    prior: Option<&Certificate>,
    (issued, print): (&Issued, &str),
) -> Result<()> {
    if let Some(key) = &issued.key {
        destination::store(cx, model, (&issued.chain, key), Some(print)).await?;
    }
    model.fill(&issued.chain);
    // One that was wished is known in the plan already.
    let profile = model.profile.clone().or_else(|| issued.profile.clone());
    model.issued_profile = profile.map_or(Computed::Null, Computed::Known);
    if model.private_key_in_state {
        model.private_key_pem.set(issued.key.clone());
    }
    cx.exists();
    import::forget(cx);
    match prior {
        Some(prior) => destination::leave(cx, prior, model).await,
        None => Ok(()),
    }
}

fn tell_left_behind(cx: &Cx, issued: &Issued) {
    if !issued.left_behind.is_empty() {
        let told = Explanation::new("BERTH-ACME-050", "Challenge records could not be removed")
            .on(issued.left_behind.join("; "))
            .next("remove them by hand; they do no harm, but CAs refuse names with too many of them");
        cx.warn(&told);
    }
}

/// A CA that chooses the profile by itself may choose another one the next time, and plans that know one lifetime do not
/// know the other.
fn tell_other_lifetime(cx: &Cx, model: &Certificate, prior: Option<&Certificate>) {
    let same = prior.filter(|prior| prior.directory_url == model.directory_url && prior.profile == model.profile);
    let lifetime = |one: &Certificate| one.chain().map(|chain| chain.facts.validity().lifetime());
    let (Some(before), Some(now)) = (same.and_then(lifetime), lifetime(model)) else { return };
    if !is_jump(before, now) {
        return;
    }
    let chosen = model.issued_profile.get().map_or_else(String::new, |profile| format!(" by its profile `{profile}`"));
    let told = Explanation::new(
        "BERTH-ACME-111",
        format!("The certificate for {} lives much longer or shorter than the one before", model.title()),
    )
    .said("the CA", format!("it issued for {}{chosen}; before, for {}", in_days(now), in_days(before)))
    .next("set `profile` to have one lifetime always; the certificate is good, and `renew_at` follows its own lifetime")
    .at("profile");
    cx.warn(&told);
}

fn tell_other_roots(cx: &Cx, model: &Certificate, issued: &Issued) {
    if let (Some(wanted), false) = (&model.preferred_chain, issued.other_roots.is_empty()) {
        let told =
            Explanation::new("BERTH-ACME-055", format!("The CA has no chain to `{wanted}`; its first was taken"))
                .said("the CA", format!("chains lead to {}", issued.other_roots.join(", ")))
                .next("name one of these roots as `preferred_chain`, or leave it out")
                .at("preferred_chain");
        cx.warn(&told);
    }
}
