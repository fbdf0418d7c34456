//! How an account comes to be at the CA, and how its key and contacts change there.

use crate::clients::acme::{AccountFacts, AccountKey, Acme, AcmeError, ExternalAccount, Found, NewAccount};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::account_key::holding;
use crate::sdk::{Result, Set};

use super::{Account, directory_of, within};

/// The CA that an account is registered at, and the headline of what goes wrong with it.
struct Desk<'a> {
    cx: &'a Cx,
    ca: Acme,
    what: String,
}

/// Finds or makes the account of the key and brings its contacts in line.
pub async fn register(cx: &Cx, model: &mut Account) -> Result<()> {
    let desk = Desk::of(cx, model).await?;
    holding::claim(cx, &model.account_key, &desk.what)?;
    let key = match model.account_key.require_or_make(cx).await {
        Ok(key) => key,
        Err(failure) => {
            model.account_key.discard_unused(cx).await;
            return Err(failure);
        }
    };
    let (facts, key) = match desk.settle(key, model).await {
        Ok(settled) => settled,
        Err(Unsettled { failure, may_exist: true }) => {
            // The state knows the key from here on: a destroy removes it, and the next apply finds the account by it.
            if model.account_key.own_place().is_some() {
                cx.exists();
            }
            return Err(failure);
        }
        Err(Unsettled { failure, may_exist: false }) => {
            model.account_key.discard_unused(cx).await;
            return Err(failure);
        }
    };
    fill(model, &facts, &key);
    cx.exists();
    holding::note_account(cx, &facts.url)?;
    Ok(())
}

/// Looks for the account that a create without an answer may have made; removes its key if there is none.
pub async fn find_again(cx: &Cx, model: &mut Account) -> Result<()> {
    let Some(key) = model.account_key.load(cx).await? else { return Ok(()) };
    let desk = Desk::of(cx, model).await?;
    match desk.find(&key, None).await? {
        Found::Account(facts) => fill(model, &facts, &key),
        Found::Nothing => model.account_key.discard_unused(cx).await,
        Found::Unusable(_) | Found::Untold => {}
    }
    Ok(())
}

/// Brings an account to another key and other contacts; an account that is lost is made anew.
pub async fn change(cx: &Cx, prior: &Account, model: &mut Account) -> Result<()> {
    holding::recover(cx, &model.account_key).await?;
    let known = prior.account_url.get().filter(|_| !is_lost(prior));
    let Some(account_url) = known else { return register(cx, model).await };
    let desk = Desk::of(cx, model).await?;
    desk.replace_generated(prior, model, account_url).await?;
    let key = model.account_key.require(cx).await?;
    let facts = match desk.find(&key, Some(account_url)).await? {
        Found::Account(facts) if facts.url == *account_url => facts,
        Found::Account(facts) => return Err(desk.taken(&key, &facts.url, account_url)),
        Found::Unusable(words) => return Err(desk.unusable(&key, &words)),
        Found::Nothing | Found::Untold => {
            let old = desk.old_key(prior, model, account_url).await?;
            desk.take_over(account_url, &old, &key).await?
        }
    };
    let facts = desk.with_contacts(facts, &key, Some(prior), model).await?;
    fill(model, &facts, &key);
    cx.exists();
    Ok(())
}

/// Whether the last look said that the account cannot be used again.
pub fn is_lost(account: &Account) -> bool {
    matches!(account.status.get().map(String::as_str), Some("deactivated" | "revoked" | "key_missing"))
}

/// Takes in what a refresh found; contacts only where they differ from what is declared.
pub fn compare(model: &mut Account, facts: &AccountFacts, key: &AccountKey) {
    let found = facts.contacts.as_ref().filter(|found| !same_contacts(found, model.contacts.as_ref()));
    if let (Some(found), Some(_)) = (found, &model.contacts) {
        model.contacts = Some(Set(found.clone()));
    }
    fill(model, facts, key);
}

fn fill(model: &mut Account, facts: &AccountFacts, key: &AccountKey) {
    model.account_url.set(facts.url.clone());
    model.key_thumbprint.set(key.thumbprint());
    model.status.set(facts.status.clone());
}

/// Why there is no account to go on with, and whether the CA may have one all the same.
struct Unsettled {
    failure: Explanation,
    may_exist: bool,
}

impl Unsettled {
    /// Of what comes before an account is asked for.
    fn before(failure: Explanation) -> Self {
        Self { failure, may_exist: false }
    }

    /// Of what comes after there is an account.
    fn after(failure: Explanation) -> Self {
        Self { failure, may_exist: true }
    }
}

impl<'a> Desk<'a> {
    /// The account of a key, found or made, with the contacts that are planned; and its key, where the present one cannot be
    /// used any more.
    async fn settle(
        &self,
        key: AccountKey,
        model: &Account,
    ) -> std::result::Result<(AccountFacts, AccountKey), Unsettled> {
        let facts = match self.find(&key, None).await.map_err(Unsettled::before)? {
            Found::Account(facts) => facts,
            // Where there is an account already, the CA's answer is that one (RFC 8555 §7.3), whatever was sent.
            Found::Untold => self.make(&key, model).await?,
            Found::Nothing => return Ok((self.make(&key, model).await?, key)),
            Found::Unusable(words) => {
                let Some(place) = model.account_key.own_place() else {
                    return Err(Unsettled::after(self.unusable(&key, &words)));
                };
                let fresh = model.account_key.prepare(self.cx, place).await.map_err(Unsettled::after)?;
                model.account_key.promote(self.cx, place).await.map_err(Unsettled::after)?;
                return Ok((self.make(&fresh, model).await?, fresh));
            }
        };
        let facts = self.with_contacts(facts, &key, None, model).await.map_err(Unsettled::after)?;
        Ok((facts, key))
    }

    async fn of(cx: &'a Cx, model: &mut Account) -> Result<Self> {
        let url = directory_of(cx, &mut model.directory_url)?;
        let ca = cx.provider().acme(&url, cx.clock()).await?;
        Ok(Self { cx, ca, what: format!("Cannot register the ACME account at {url}") })
    }

    async fn find(&self, key: &AccountKey, known: Option<&str>) -> Result<Found> {
        within(self.cx, &self.what, self.ca.find_account(key, known)).await
    }

    async fn make(&self, key: &AccountKey, model: &Account) -> std::result::Result<AccountFacts, Unsettled> {
        let mut may_exist = true;
        let made = async {
            let made = self.ca.create_account(key, &new_account(model)).await;
            may_exist = made.as_ref().err().is_some_and(AcmeError::may_be_done);
            made
        };
        let made = within(self.cx, &self.what, made).await;
        made.map_err(|failure| Unsettled { failure, may_exist })
    }

    /// Sends the contacts that are planned, wherever they may differ from what the CA has: an answer without contacts may
    /// come from an account that has none, and from a CA that tells none (RFC 8555 §7.1.2).
    async fn with_contacts(
        &self,
        facts: AccountFacts,
        key: &AccountKey,
        prior: Option<&Account>,
        model: &Account,
    ) -> Result<AccountFacts> {
        let had = prior.map(|prior| &prior.contacts);
        let Some(wanted) = contacts_to_send(facts.contacts.as_deref(), had, model.contacts.as_ref()) else {
            return Ok(facts);
        };
        within(self.cx, &self.what, self.ca.update_contacts(key, &facts.url, wanted)).await
    }

    /// Replaces a generated key if that is wished, or was begun: a killed run left both keys in the Secret.
    async fn replace_generated(&self, prior: &Account, model: &Account, account_url: &str) -> Result<()> {
        let (cx, source) = (self.cx, &model.account_key);
        let Some(place) = source.own_place() else { return Ok(()) };
        let is_wished = prior.key_generation != model.key_generation && prior.key_thumbprint.get().is_some();
        if !is_wished && source.pending(cx).await?.is_none() {
            return Ok(());
        }
        let old = source.require(cx).await?;
        let new = source.prepare(cx, place).await?;
        if matches!(self.find(&new, None).await?, Found::Nothing | Found::Untold) {
            self.take_over(account_url, &old, &new).await?;
        }
        source.promote(cx, place).await
    }

    /// The key that the account has at the CA: the one that is named, else where it was before.
    async fn old_key(&self, prior: &Account, model: &Account, account_url: &str) -> Result<AccountKey> {
        let old = match &model.previous_account_key {
            Some(previous) => {
                let key = previous.require(self.cx).await;
                Some(key.map_err(|error| error.at("previous_account_key"))?)
            }
            None => prior.account_key.load(self.cx).await.ok().flatten(),
        };
        let is_it = match &old {
            Some(old) => {
                matches!(self.find(old, Some(account_url)).await?, Found::Account(facts) if facts.url == account_url)
            }
            None => false,
        };
        old.filter(|_| is_it).ok_or_else(|| {
            let why = match &model.previous_account_key {
                Some(_) => "the key in `previous_account_key` is not the account's either",
                None => "the key it was is not to be had any more",
            };
            Explanation::new("BERTH-ACME-052", "Cannot change the key of the ACME account")
                .on(account_url)
                .said("the provider", format!("the CA does not know the new key, and {why}"))
                .next("give the old key as `previous_account_key`; or have a new account made with `-replace`")
                .at("previous_account_key")
        })
    }

    async fn take_over(&self, account_url: &str, old: &AccountKey, new: &AccountKey) -> Result<AccountFacts> {
        let what = "Cannot change the key of the ACME account";
        within(self.cx, what, self.ca.change_key(account_url, old, new)).await?;
        self.cx.exists();
        match self.find(new, Some(account_url)).await? {
            Found::Account(facts) => Ok(facts),
            other => Err(Explanation::new("BERTH-ACME-054", what)
                .on(account_url)
                .said("the CA", format!("it took the new key, and then does not know it: {other:?}"))
                .next("apply again")),
        }
    }

    fn taken(&self, key: &AccountKey, owner: &str, account_url: &str) -> Explanation {
        Explanation::new("BERTH-ACME-036", &*self.what)
            .on(account_url)
            .said("the CA", format!("the new key {} is the key of another account, {owner}", key.thumbprint()))
            .next("give a key that no account has; or, to use that other account from here on, apply with `-replace`: the old one stays at the CA")
            .at("account_key")
    }

    fn unusable(&self, key: &AccountKey, words: &str) -> Explanation {
        Explanation::new("BERTH-ACME-039", &*self.what)
            .on(format!("the account of the key {}", key.thumbprint()))
            .said("the CA", words)
            .next("the CA does not take this key back: give another account key. Nothing was changed")
            .at("account_key")
    }
}

fn new_account(model: &Account) -> NewAccount {
    let external = model.external_account_binding.as_ref().and_then(|binding| {
        Some(ExternalAccount { key_id: binding.key_id.trim().to_owned(), hmac_key: binding.hmac_key_wo.clone()? })
    });
    let contacts = model.contacts.as_ref().map(|contacts| contacts.0.clone()).unwrap_or_default();
    NewAccount { contacts, terms_agreed: model.terms_of_service_agreed, external }
}

/// The contacts to tell the CA, if any: `told` is what it has, as far as it says, `had` what the state before had (`None`
/// without one), `wanted` what is planned. What was declared before and is not any more is taken back.
fn contacts_to_send<'a>(
    told: Option<&[String]>,
    had: Option<&Option<Set<String>>>,
    wanted: Option<&'a Set<String>>,
) -> Option<&'a [String]> {
    let is_changed = had.is_some_and(|had| had.as_ref() != wanted);
    match wanted {
        None => (is_changed && !told.is_some_and(<[String]>::is_empty)).then_some(&[]),
        Some(wanted) => {
            let differs = match told {
                Some(told) => !same_contacts(told, Some(wanted)),
                // On a create of an account that was found, nobody knows what it has.
                None => had.is_none() || is_changed,
            };
            differs.then_some(&wanted.0[..])
        }
    }
}

fn same_contacts(found: &[String], wanted: Option<&Set<String>>) -> bool {
    let wanted = wanted.map(|set| &set.0[..]).unwrap_or_default();
    found.len() == wanted.len() && found.iter().all(|contact| wanted.contains(contact))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the CA tells, what the state before had, what is planned, what is to be sent.
    type Case<'a> =
        (Option<&'a [String]>, Option<Option<Set<String>>>, Option<&'a Set<String>>, Option<&'a Set<String>>);

    fn set(all: &[&str]) -> Set<String> {
        Set(all.iter().map(|one| (*one).to_owned()).collect())
    }

    #[test]
    fn the_contacts_that_are_planned_are_sent_whatever_the_ca_tells() {
        let (one, two, none) = (set(&["mailto:a@b.example"]), set(&["mailto:c@d.example"]), set(&[]));
        let told = ["mailto:a@b.example".to_owned()];
        let cases: Vec<Case<'_>> = vec![
            // An update: what changes is sent.
            (None, Some(Some(one.clone())), None, Some(&none)),
            (Some(&told), Some(Some(one.clone())), None, Some(&none)),
            (Some(&[]), Some(Some(one.clone())), None, None),
            (None, Some(Some(one.clone())), Some(&two), Some(&two)),
            (None, Some(None), Some(&two), Some(&two)),
            (None, Some(Some(one.clone())), Some(&none), Some(&none)),
            // What does not change is sent only where the CA tells otherwise.
            (None, Some(Some(one.clone())), Some(&one), None),
            (Some(&told), Some(Some(one.clone())), Some(&one), None),
            (Some(&[]), Some(Some(one.clone())), Some(&one), Some(&one)),
            (Some(&told), Some(None), None, None),
            // A create that finds an account.
            (None, None, Some(&one), Some(&one)),
            (Some(&told), None, Some(&one), None),
            (Some(&told), None, None, None),
        ];
        for (told, had, wanted, expected) in cases {
            let sent = contacts_to_send(told, had.as_ref(), wanted);
            assert_eq!(sent, expected.map(|set| &set.0[..]), "{told:?} {had:?} {wanted:?}");
        }
    }
}
