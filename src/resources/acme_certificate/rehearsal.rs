//! A rehearsal: the same names are ordered at another CA first, whose certificates nobody trusts and whose limits are wide.

use std::sync::Arc;

use crate::clients::acme::issue::{Entry, Issuance, Journal, Publisher, Wish};
use crate::clients::acme::{Acme, Found, KeyType, LeafKey, NewAccount, Registered};
use crate::clients::dns::Dns;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::acme_account::within;
use crate::retry::Budget;
use crate::sdk::Result;

use super::model::{Certificate, Rehearsal};

/// Orders, proves and throws away, if the names are new. What fails here would have failed at the CA itself, and counted.
pub async fn rehearse<P: Publisher>(
    cx: &Cx,
    model: &Certificate,
    prior: Option<&Certificate>,
    (publisher, dns): (&P, &Dns),
) -> Result<()> {
    let Some(rehearsal) = model.rehearsal.as_ref().filter(|_| model.order.is_none()) else { return Ok(()) };
    if prior.is_some_and(|prior| prior.names() == model.names()) {
        return Ok(());
    }
    let what = format!("The rehearsal for {} failed, and nothing was ordered at the CA itself", model.title());
    let ca = cx.provider().acme(&rehearsal.directory_url, cx.clock()).await?;
    let account = account(cx, &ca, model, rehearsal, &what).await?;
    let follow_cname = model.dns01().follow_cname;
    let issuance = Issuance { ca: &ca, account: &account, dns, follow_cname, publisher, journal: &Nowhere };
    let wish = Wish {
        names: model.names(),
        common_name: None,
        key: LeafKey::New(KeyType::EcdsaP256),
        profile: None,
        replaces: None,
        preferred_root: None,
        must_staple: false,
        order_url: None,
    };
    issuance.run(&wish, cx.budget()).await.map_err(|error| error.explain(what))?;
    tracing::info!(directory = rehearsal.directory_url, names = ?wish.names, "the rehearsal went well");
    Ok(())
}

/// The account of the same key at the other CA; made if there is none.
async fn account(cx: &Cx, ca: &Acme, model: &Certificate, rehearsal: &Rehearsal, what: &str) -> Result<Registered> {
    let key = Arc::new(model.account_key.require(cx).await?);
    if let Found::Account(facts) = within(cx, what, ca.find_account(&key, None)).await? {
        return Ok(Registered { key, account_url: facts.url });
    }
    let new = NewAccount { contacts: Vec::new(), terms_agreed: rehearsal.terms_of_service_agreed, external: None };
    let facts = within(cx, what, ca.create_account(&key, &new)).await.map_err(|told| told.at("rehearsal"))?;
    Ok(Registered { key, account_url: facts.url })
}

/// A journal of orders that nobody completes later.
struct Nowhere;

impl Journal for Nowhere {
    async fn load(&self, _: &Budget) -> std::result::Result<Option<Entry>, Explanation> {
        Ok(None)
    }

    async fn save(&self, _: &Entry, _: &Budget) -> std::result::Result<(), Explanation> {
        Ok(())
    }

    async fn forget(&self, _: &Budget) -> std::result::Result<(), Explanation> {
        Ok(())
    }
}
