//! What the Secrets hold, beside what the state says that they should.

use serde_json::Value as Json;

use crate::domain::certificate::Chain;
use crate::domain::tls_secret::{self, KEY_ENTRY};
use crate::provider::Cx;
use crate::resources::tenancy;
use crate::sdk::Result;

use super::super::model::Certificate;
use super::super::model::destination::{Destination, Metadata, told};
use super::content::{Passwords, difference};
use super::holding::unmarked;
use super::{claim_of, get, is_anothers, pair};

/// What a look at the Secrets says.
pub enum Found {
    /// The certificate of the state, with its key, in one of them at least.
    Whole {
        /// What must be written anew, a sentence each.
        drift: Vec<String>,
        /// The certificate that cert-manager has put in its place.
        renewed: Option<Box<Chain>>,
    },
    /// The key is nowhere any more; why, in words.
    Lost(String),
}

/// Compares the Secrets with the state, and takes labels and annotations in as they are.
pub async fn look(cx: &Cx, model: &mut Certificate) -> Result<Found> {
    let Some(mut place) = model.kubernetes_secret.clone() else { return Ok(whole(Vec::new(), None)) };
    let passwords = Passwords::load(cx, &place).await.ok();
    let object = place.object();
    let first = get(cx, &object).await?;
    tenancy::recover(cx, &object, first.as_ref());
    let claim = claim_of(cx, &place);
    if first.as_ref().is_some_and(|secret| is_anothers(&claim, secret)) {
        return Ok(Found::Lost(format!("{} belongs to another resource or state", told(&object))));
    }
    take_in(&mut place.labels, &mut place.annotations, first.as_ref());
    let renewed = first.as_ref().and_then(|secret| taken_over(secret, &place, model));
    let Some(expected) = renewed.clone().or_else(|| model.chain()) else { return Ok(whole(Vec::new(), None)) };
    let judge = |told: String, secret: Option<&Json>| {
        let secret = secret.ok_or_else(|| format!("{told} is gone"))?;
        let fault = judge(secret, &expected).map_err(|fault| format!("{told} {fault}"))?;
        let fault = fault.or_else(|| difference(&place, secret, passwords.as_ref()));
        Ok(fault.map(|fault| format!("{told} {fault}")))
    };
    let mut verdicts: Vec<std::result::Result<Option<String>, String>> = vec![judge(told(&object), first.as_ref())];
    let mut copies = place.copies.clone();
    for copy in copies.iter_mut().flat_map(|copies| copies.0.iter_mut()) {
        let object = copy.object(&place.name);
        let secret = get(cx, &object).await?;
        take_in(&mut copy.labels, &mut copy.annotations, secret.as_ref());
        verdicts.push(judge(told(&object), secret.as_ref()));
    }
    place.copies = copies;
    model.kubernetes_secret = Some(place);
    let is_lost = verdicts.iter().all(std::result::Result::is_err);
    let mark = first.as_ref().and_then(unmarked).map(|words| Ok(Some(format!("{} {words}", told(&object)))));
    let faults: Vec<String> =
        verdicts.into_iter().chain(mark).filter_map(|verdict| verdict.unwrap_or_else(Some)).collect();
    Ok(if is_lost { Found::Lost(faults.join("; ")) } else { whole(faults, renewed) })
}

fn whole(drift: Vec<String>, renewed: Option<Chain>) -> Found {
    Found::Whole { drift, renewed: renewed.map(Box::new) }
}

fn take_in(labels: &mut Option<Metadata>, annotations: &mut Option<Metadata>, secret: Option<&Json>) {
    let Some(secret) = secret else { return };
    *labels = labels.take().map(|labels| tls_secret::present(secret, "labels", &labels));
    *annotations = annotations.take().map(|annotations| tls_secret::present(secret, "annotations", &annotations));
}

/// Another certificate for the same names, from the one that the Secret was handed over to.
fn taken_over(secret: &Json, place: &Destination, model: &Certificate) -> Option<Chain> {
    place.cert_manager.as_ref()?;
    let (chain, key) = pair(secret)?;
    let is_other = Some(&chain.facts.fingerprint_sha256) != model.fingerprint_sha256.get();
    let is_pair = chain.facts.matches_key(key.expose()).unwrap_or(false);
    (is_other && is_pair && chain.facts.names() == model.names()).then_some(chain)
}

/// Whether a Secret holds a certificate with its key. An error says what it holds instead; a word in the answer, what is to be
/// set right although the key is there.
fn judge(secret: &Json, expected: &Chain) -> std::result::Result<Option<String>, String> {
    let Some((chain, key)) = pair(secret) else {
        let key = tls_secret::entry(secret, KEY_ENTRY);
        let has_key = key.is_some_and(|key| expected.facts.matches_key(key.expose()).unwrap_or(false));
        return if has_key {
            Ok(Some("holds no certificate".to_owned()))
        } else {
            Err("holds no certificate with a key".to_owned())
        };
    };
    let is_pair = expected.facts.matches_key(key.expose()).unwrap_or(false);
    if chain.facts.fingerprint_sha256 != expected.facts.fingerprint_sha256 {
        let words = format!("holds another certificate, serial number {}", chain.facts.serial_number);
        return if is_pair { Ok(Some(words)) } else { Err(words) };
    }
    if !is_pair {
        return Err("holds a key that is not the certificate's".to_owned());
    }
    Ok((chain.full_pem() != expected.full_pem()).then(|| "holds another chain".to_owned()))
}
