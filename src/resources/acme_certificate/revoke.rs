//! Revokes the certificate at a destroy, if that is wished; what needs no revocation or cannot have any holds up no destroy.

use crate::clients::acme::{AccountKey, Acme, AcmeError, Registered, RevocationReason};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Plan, Result};

use super::destination;
use super::issue;
use super::model::Certificate;

/// A reason that Boulder does not take of a subscriber (its `revocation.UserAllowedReasons`).
const REFUSED_BY_BOULDER: &str = "affiliation_changed";

/// What helps where the state holds no certificate that can be read.
const UNREADABLE: &str =
    "apply with `revoke_on_destroy = false`, and destroy then; another tool can revoke the certificate with its key";

/// Warns of a reason that the CA will refuse.
pub fn plan(plan: &mut Plan<'_>) {
    let planned = plan.planned();
    let is_lets_encrypt = planned.text("directory_url").is_some_and(|url| url.contains(".api.letsencrypt.org/"));
    let is_wished = planned.truth("revoke_on_destroy") == Some(true);
    if is_lets_encrypt && is_wished && planned.text("revocation_reason") == Some(REFUSED_BY_BOULDER) {
        let told = Explanation::new("BERTH-ACME-114", "Let's Encrypt takes no revocation for `affiliation_changed`")
            .next("set `revocation_reason` to `cessation_of_operation`, `superseded`, `key_compromise` or `unspecified`; as it is, a destroy revokes without a reason")
            .at("revocation_reason");
        plan.warn(&told);
    }
}

/// Revokes.
pub async fn revoke(cx: &Cx, model: &Certificate) -> Result<()> {
    let what = format!("Cannot revoke the certificate for {}", model.title());
    let (Some(url), Some(chain)) = (model.directory_url.get(), model.chain()) else { return Ok(()) };
    if chain.facts.not_after <= cx.clock().now() {
        tell_not_revoked(cx, model, &format!("it has expired at {}", chain.facts.not_after));
        return Ok(());
    }
    let der = chain.leaf_der();
    let der = der.map_err(|error| {
        Explanation::new("BERTH-ACME-041", &*what).said("the state", error.to_string()).next(UNREADABLE)
    })?;
    let ca = cx.provider().acme(url, cx.clock()).await?;
    let reason = model.revocation_reason.parse().unwrap_or_default();
    let request = Request { cx, ca: &ca, der: &der, reason };
    match request.by_account(model, &what).await {
        Ok(()) => Ok(()),
        Err(AcmeError::Unsupported(_)) => {
            tell_not_revoked(cx, model, "the CA offers no revocation");
            Ok(())
        }
        Err(error) if is_about_the_account(&error) => match destination::present_key(cx, model).await? {
            Some(key) => request.by_key(&key, &what).await,
            None => Err(no_way(&error, &what, &chain.facts.not_after.to_string())),
        },
        Err(error) => Err(error.explain(what)),
    }
}

/// What is asked of the CA.
struct Request<'a> {
    cx: &'a Cx,
    ca: &'a Acme,
    der: &'a [u8],
    reason: RevocationReason,
}

impl Request<'_> {
    async fn by_account(&self, model: &Certificate, what: &str) -> std::result::Result<(), AcmeError> {
        let account = issue::account(self.cx, self.ca, model, what).await;
        match account {
            Ok(account) => self.send(&account).await,
            Err(told) if told.is_unanswered() => Err(AcmeError::Told(told)),
            Err(told) => Err(AcmeError::AccountKey(told.to_string())),
        }
    }

    async fn send(&self, account: &Registered) -> std::result::Result<(), AcmeError> {
        let asked = self.cx.budget().run(self.ca.revoke(account, self.der, self.reason)).await;
        let doing = "the CA is asked to revoke".to_owned();
        asked.unwrap_or_else(|stopped| Err(AcmeError::Stopped { doing, last: None, stopped, order: None }))
    }

    /// Who has the key of a certificate may revoke it, whatever became of the account.
    async fn by_key(&self, key: &crate::sdk::Secret, what: &str) -> Result<()> {
        let key = AccountKey::from_pem(key).map_err(|error| error.explain(what))?;
        let asked = self.cx.budget().run(self.ca.revoke_by_key(&key, self.der, self.reason)).await;
        let doing = "the CA is asked to revoke".to_owned();
        let asked = asked.unwrap_or_else(|stopped| Err(AcmeError::Stopped { doing, last: None, stopped, order: None }));
        asked.map_err(|error| error.explain(what))
    }
}

/// Whether another signature may be taken where this one was not.
fn is_about_the_account(error: &AcmeError) -> bool {
    matches!(error, AcmeError::Unauthorized(_) | AcmeError::NoAccount(_) | AcmeError::AccountKey(_))
}

fn no_way(error: &AcmeError, what: &str, end: &str) -> Explanation {
    Explanation::new("BERTH-ACME-113", what)
        .said("the CA", error.to_string())
        .next(format!("the account cannot revoke it, and the certificate's own key is not here to do it: set `revoke_on_destroy = false`, apply, and destroy then; the certificate ends at {end}"))
        .at("revoke_on_destroy")
}

fn tell_not_revoked(cx: &Cx, model: &Certificate, why: &str) {
    let told = Explanation::new("BERTH-ACME-112", format!("The certificate for {} was not revoked", model.title()))
        .said("the provider", why)
        .next("nothing: the destroy goes on");
    cx.warn(&told);
}
