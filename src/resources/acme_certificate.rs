//! `berth_acme_certificate`: a certificate by ACME, whose key goes straight to its destination.

mod destination;
mod http01;
mod identity;
mod import;
pub(super) mod issue;
mod journal;
pub(super) mod ledger;
mod list;
pub(super) mod model;
mod moved;
pub(super) mod preflight;
mod publisher;
mod rehearsal;
mod reissue;
mod revoke;
mod rules;
pub(super) mod schedule;
mod solver;
mod zones;

use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::resources::account_key;
use crate::resources::acme_account::moved::is_from_acme_provider;
use crate::resources::tenancy;
use crate::sdk::{Diagnostics, Import, Limits, Meta, MoveSource, Plan, Resource, Result, View};

use destination::Found;
use model::Certificate;

/// A certificate by ACME.
pub struct AcmeCertificate;

impl Resource<Berth> for AcmeCertificate {
    type Model = Certificate;

    const NAME: &'static str = "berth_acme_certificate";

    const META: Meta = Meta {
        import_id: "NAMESPACE/NAME of the Secret, or file:CHAIN or file:CHAIN,key=KEY",
        limits: Limits::minutes(15),
        ..Meta::new(
            "Certificates",
            "A certificate from a CA that speaks ACME, proved by TXT records in Route53, by files behind an Ingress of the \
             cluster or served by the provider, or by records of any other provider with `berth_acme_order`. Its private key goes straight \
             into a Kubernetes Secret and never into the state, unless that is asked for. It is renewed when the CA \
             suggests, and re-issued in place when its names change; the old certificate stays until the new one is \
             stored.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        account_key::validate(*config, found);
        account_key::validate_reader(*config, found);
        account_key::validate_destroy(*config, "revoke_on_destroy", found);
        rules::validate(*config, found);
        http01::validate(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        reissue::plan(cx, plan);
        preflight::certificate_lengths(plan.planned())?;
        tenancy::plan_secret(cx, plan, "kubernetes_secret");
        Box::pin(preflight::certificate(cx, plan)).await;
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Certificate) -> Result<()> {
        destination::claim(cx, model, true)?;
        let made = Box::pin(make(cx, model)).await;
        destination::finish(cx, model).await;
        match made {
            Err(told) if journal::is_kept_by_success_only(cx, model) => {
                cx.warn(&unfinished(&told));
                model.leave_unfinished();
                cx.exists();
                Ok(())
            }
            made => made,
        }
    }

    async fn read(&self, cx: &Cx, mut model: Certificate) -> Result<Option<Certificate>> {
        if model.serial_number.get().is_none() {
            // Never finished: the next apply goes on from the journal.
            return Ok(Some(model));
        }
        let (drift, renewed) = match destination::look(cx, &mut model).await? {
            Found::Whole { drift, renewed } => (drift, renewed),
            Found::Lost(why) => {
                model.drift.set(Vec::new());
                schedule::overdue(&mut model, why);
                return Ok(Some(model));
            }
        };
        model.drift.set(drift);
        if let Some(chain) = renewed {
            model.fill(&chain);
        }
        schedule::refresh(cx, &mut model).await;
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, prior: &Certificate, model: &mut Certificate) -> Result<()> {
        recover(cx, prior).await?;
        destination::claim(cx, model, false)?;
        if model.serial_number.is_unknown() {
            return Box::pin(issue::issue(cx, model, Some(prior))).await;
        }
        destination::carry_over(cx, prior, model).await?;
        if model.renew_at.is_unknown() {
            schedule::refresh(cx, model).await;
        }
        Ok(())
    }

    async fn delete(&self, cx: &Cx, model: Certificate) -> Result<()> {
        recover(cx, &model).await?;
        if model.serial_number.get().is_none() {
            // Unfinished: its journal stays, so that a replacement resumes the order.
            if let Some(place) = &model.kubernetes_secret {
                destination::remove_copies(cx, place).await?;
                place.sites().iter().for_each(|site| tenancy::release(cx, &site.object));
            }
            return issue::clear_sites(cx, &model).await;
        }
        if model.revoke_on_destroy && !is_anothers(cx, &model).await? {
            revoke::revoke(cx, &model).await?;
        }
        match &model.kubernetes_secret {
            Some(place) => destination::remove(cx, place).await,
            None => Ok(()),
        }
    }

    fn moved(&self, source: &MoveSource) -> Option<Result<Certificate>> {
        let is_it = is_from_acme_provider(source) && source.r#type == "acme_certificate";
        is_it.then(|| moved::certificate(&source.state))
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Certificate>> {
        let mut model = import::import(cx, id).await?;
        schedule::refresh(cx, &mut model).await;
        Ok(Import(model))
    }
}

/// What an interrupt leaves of a certificate whose journal is in the state. An error would taint it, and hosts give the notes of
/// what is tainted to nobody.
fn unfinished(told: &Explanation) -> Explanation {
    Explanation::new("BERTH-ACME-120", format!("{}: it was interrupted", told.what()))
        .said("the provider", "the order and the key that it is for are noted in the state; the certificate's attributes are null until it is issued")
        .next("apply again: the order is completed, and no other one is made")
}

/// Takes up what an earlier run of this resource has left, or issues.
async fn make(cx: &Cx, model: &mut Certificate) -> Result<()> {
    if let Some(place) = &model.kubernetes_secret {
        destination::prepare(cx, model, None).await?;
        if let Some((chain, key)) = destination::adoptable(cx, place, model).await?
            && !journal::is_open(cx, place).await?
        {
            destination::store(cx, model, (&chain, &key), None).await?;
            model.fill(&chain);
            model.private_key_pem.set(model.private_key_in_state.then_some(key));
            cx.exists();
            schedule::refresh(cx, model).await;
            return Ok(());
        }
    }
    Box::pin(issue::issue(cx, model, None)).await
}

/// Finds out whom a state acts for that has lost its notes.
async fn recover(cx: &Cx, model: &Certificate) -> Result<()> {
    let Some(place) = &model.kubernetes_secret else { return Ok(()) };
    let what = format!("Cannot look at the certificate for {}", model.title());
    tenancy::recovered(cx, &[place.object()], &what).await.map(drop)
}

/// Whether another resource or state has the certificate by now, with its Secret.
async fn is_anothers(cx: &Cx, model: &Certificate) -> Result<bool> {
    let Some(place) = &model.kubernetes_secret else { return Ok(false) };
    let found = destination::get(cx, &place.object()).await?;
    Ok(found.is_some_and(|secret| destination::is_anothers(&destination::claim_of(cx, place), &secret)))
}
