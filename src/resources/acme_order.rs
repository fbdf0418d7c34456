//! `berth_acme_order`: an order whose challenges the user publishes, with any DNS provider; a certificate completes it.

pub(super) mod model;

use std::sync::Arc;

use jiff::Timestamp;

use crate::clients::acme::{Acme, AcmeError, Challenge, Found, Method, Order, OrderSpec, Registered, Status};
use crate::clients::dns::challenge_name;
use crate::domain::certificate::Chain;
use crate::domain::http01_solver::PATH;
use crate::provider::{Berth, Cx};
use crate::resources::account_key;
use crate::resources::acme_account::{asked, directory_of, is_other_directory, plan_directory, within};
use crate::resources::acme_certificate::issue::{registered, untold};
use crate::resources::acme_certificate::model::Certificate;
use crate::resources::acme_certificate::{preflight, schedule};
use crate::sdk::{Computed, Diagnostics, Limits, Meta, Plan, Resource, Result, View};

use model::{Declared, Proof};

/// An order whose challenges the user publishes.
pub struct AcmeOrder;

/// What a new order changes.
const ORDERED: [&str; 6] = ["order_url", "status", "challenges", "txt_records", "renew_at", "renewal_reason"];

/// What an order is for: a change of these makes another one.
const SUBJECT: [&str; 5] = ["dns_names", "ip_addresses", "account_url", "profile", "challenge"];

/// The private note with the certificate that came of the order, PEM: public, and needed to ask when to renew.
const ISSUED: &str = "issued";

impl Resource<Berth> for AcmeOrder {
    type Model = Declared;

    const NAME: &'static str = "berth_acme_order";

    const META: Meta = Meta {
        limits: Limits::minutes(5),
        ..Meta::new(
            "Certificates",
            "An order at a certificate authority, for names whose DNS is not in Route53: it tells the challenges, the records \
             of any other provider publish them, and a `berth_acme_certificate` with `order` completes it. When the \
             certificate is due, the order is made anew, with the records and the certificate after it.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        account_key::validate(*config, found);
        account_key::validate_reader(*config, found);
        model::validate(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        plan_directory(cx, plan);
        if !plan.is_create() {
            refine(cx, plan);
        }
        preflight::order_lengths(plan.planned())?;
        Box::pin(preflight::order(cx, plan)).await;
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        order(cx, model).await
    }

    async fn read(&self, cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
        // Without the key (write-only, or its source is gone) nothing can be asked, and that is no failure.
        let Ok(Some(key)) = model.account_key.load(cx).await else { return Ok(Some(model)) };
        let (Some(url), Some(directory)) = (model.order_url.get().cloned(), model.directory_url.get().cloned()) else {
            return Ok(Some(model));
        };
        let (url, _) = model::parse_reference(&url);
        let url = url.to_owned();
        let what = format!("Cannot read the ACME order {url}");
        let ca = cx.provider().acme(&directory, cx.clock()).await?;
        let looked = async {
            let account_url = match &model.account_url {
                Some(url) => url.clone(),
                None => match ca.find_account(&key, None).await? {
                    Found::Account(facts) => facts.url,
                    // Without its account nobody sees the order, nor can it be completed.
                    Found::Nothing | Found::Unusable(_) => return Ok(None),
                    Found::Untold => return Err(AcmeError::Told(untold(&ca, &key, &what).unanswered())),
                },
            };
            let account = Registered { key: Arc::new(key), account_url };
            match ca.resume_order(&account, &url).await {
                Ok(order) => Ok(Some(order)),
                // CAs forget orders, and some hide those of an account that is gone.
                Err(AcmeError::Refused(refusal)) if matches!(refusal.status, 401 | 403 | 404 | 410) => Ok(None),
                Err(AcmeError::Unauthorized(_) | AcmeError::NoAccount(_)) => Ok(None),
                Err(error) => Err(error),
            }
        };
        match asked(cx, &what, looked).await? {
            Some(order) => look(cx, &mut model, &order, &what).await?,
            // One that was completed has done its work; another one is as good as dead.
            None if model.status.get().is_none_or(|status| status != "valid") => model.status.set("invalid".to_owned()),
            None => {}
        }
        tell_when(cx, &mut model).await;
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, _: &Declared, model: &mut Declared) -> Result<()> {
        if model.order_url.is_unknown() {
            return order(cx, model).await;
        }
        if model.renew_at.is_unknown() {
            (model.renew_at, model.renewal_reason) = (Computed::Null, Computed::Null);
            tell_when(cx, model).await;
        }
        Ok(())
    }

    async fn delete(&self, _: &Cx, _: Declared) -> Result<()> {
        // A CA keeps its orders; those that nobody completes expire.
        Ok(())
    }
}

/// Leaves open what a new order changes, if one is to be made.
fn refine(cx: &Cx, plan: &mut Plan<'_>) {
    let prior = plan.prior();
    let is_dead = prior.text("status") == Some("invalid");
    let due = prior.text("renew_at").and_then(|at| at.parse::<Timestamp>().ok());
    let is_due = due.is_some_and(|at| at <= cx.clock().now());
    if is_dead || is_due || is_other_directory(plan) || SUBJECT.iter().any(|name| plan.changes(name)) {
        plan.leave_open(&ORDERED);
    } else if plan.changes("renewal") {
        plan.leave_open(&["renew_at", "renewal_reason"]);
    }
}

/// Makes an order and tells its challenges.
async fn order(cx: &Cx, model: &mut Declared) -> Result<()> {
    let what = format!("Cannot order a certificate for {}", model.title());
    let directory = directory_of(cx, &mut model.directory_url)?;
    let ca = cx.provider().acme(&directory, cx.clock()).await?;
    let key = model.account_key.require(cx).await?;
    let account = registered(cx, &ca, key, model.account_url.as_ref(), &what).await?;
    let replaces = issued(cx).and_then(|chain| chain.facts.succeeded_by(&model.names()));
    let spec = OrderSpec { names: model.names(), profile: model.profile.clone(), replaces };
    let (order, challenges) = within(cx, &what, begin(&ca, &account, &spec, model.method())).await?;
    cx.forget(ISSUED);
    model.order_url.set(model::reference(order.url(), model.method()));
    (model.renew_at, model.renewal_reason) = (Computed::Null, Computed::Null);
    model.tell(proofs(&model.names(), &challenges));
    set_status(model, &order);
    cx.exists();
    Ok(())
}

async fn begin(
    ca: &Acme,
    account: &Registered,
    spec: &OrderSpec,
    method: Method,
) -> std::result::Result<(Order, Vec<Challenge>), AcmeError> {
    let mut order = ca.new_order(account, spec).await?;
    let challenges = match order.status() {
        Status::Pending => order.challenges(|_, _| method).await?,
        _ => Vec::new(),
    };
    Ok((order, challenges))
}

fn set_status(model: &mut Declared, order: &Order) {
    model.status.set(format!("{:?}", order.status()).to_lowercase());
}

/// The proof of each name: of those that the CA has validated before, there is none to publish.
fn proofs(names: &[String], challenges: &[Challenge]) -> Vec<(String, Proof)> {
    let of = |name: &String| {
        let (domain, wildcard) = name.strip_prefix("*.").map_or((name.as_str(), false), |domain| (domain, true));
        challenges.iter().find(|one| one.domain == domain && one.wildcard == wildcard)
    };
    let told = |name: &String| match of(name) {
        Some(challenge) => Proof {
            record_name: challenge_name(name),
            record_type: "TXT".to_owned(),
            record_value: challenge.txt_value(),
            file_path: format!("{}{}", PATH, challenge.token),
            file_content: challenge.key_authorization.clone(),
        },
        None => Proof::unneeded(challenge_name(name)),
    };
    names.iter().map(|name| (name.clone(), told(name))).collect()
}

/// Takes in where the order stands, and the certificate that came of it.
async fn look(cx: &Cx, model: &mut Declared, order: &Order, what: &str) -> Result<()> {
    set_status(model, order);
    if order.status() == Status::Valid && issued(cx).is_none() {
        let offered = asked(cx, what, order.certificate(None)).await?;
        cx.remember(ISSUED, &offered.chain.leaf_pem);
    }
    Ok(())
}

fn issued(cx: &Cx) -> Option<Chain> {
    cx.recall::<String>(ISSUED).and_then(|pem| Chain::parse(&pem).ok())
}

/// Finds out when the certificate of the order is due, if there is one.
async fn tell_when(cx: &Cx, model: &mut Declared) {
    let Some(chain) = issued(cx) else { return };
    let mut certificate = Certificate {
        directory_url: model.directory_url.clone(),
        renewal: model.renewal.clone(),
        fullchain_pem: Computed::Known(chain.leaf_pem),
        ..Certificate::default()
    };
    schedule::refresh(cx, &mut certificate).await;
    (model.renew_at, model.renewal_reason) = (certificate.renew_at, certificate.renewal_reason);
}
