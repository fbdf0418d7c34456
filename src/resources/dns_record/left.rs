//! What a move has left behind: the old place of a record or value that could not be removed is remembered until it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::place::explained;
use crate::clients::aws::{Aws, Route53Error};
use crate::domain::dns::{DnsName, RecordKey, Transition, ZoneId};
use crate::provider::Cx;
use crate::sdk::{Explanation, Plan, Private, Result};

/// The note of the private state that holds what is left behind.
const NOTE: &str = "left_behind";

/// A record set, or one value of a shared TXT name, that is ours although the state no longer names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    zone: String,
    name: String,
    r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    set_identifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl Left {
    /// A record set.
    pub fn set(zone: &ZoneId, key: &RecordKey) -> Self {
        let (name, r#type) = (key.name.as_str().to_owned(), key.kind.as_str().to_owned());
        let set_identifier = key.set_identifier.clone();
        Self { zone: zone.as_str().to_owned(), name, r#type, set_identifier, value: None }
    }

    /// One value of a TXT name.
    pub fn value(zone: &ZoneId, name: &DnsName, value: &str) -> Self {
        let (zone, name, value) = (zone.as_str().to_owned(), name.as_str().to_owned(), Some(value.to_owned()));
        Self { zone, name, r#type: "TXT".to_owned(), set_identifier: None, value }
    }

    fn key(&self) -> Option<RecordKey> {
        let (name, kind) = (DnsName::parse(&self.name).ok()?, self.r#type.parse().ok()?);
        Some(RecordKey { name, kind, set_identifier: self.set_identifier.clone() })
    }

    fn shown(&self) -> String {
        let of = self.value.as_ref().map(|value| format!("the value `{value}` of ")).unwrap_or_default();
        format!("{of}`{} {}` in the zone {}", self.name, self.r#type, self.zone)
    }
}

/// What the state's notes say that is left behind.
pub fn noted(private: &Private) -> Vec<Left> {
    private.get(NOTE).unwrap_or_default()
}

/// Remembers what is to be removed yet; what is wished for again, `here`, is no longer left behind.
pub fn remember(cx: &Cx, more: impl IntoIterator<Item = Left>, here: &[Left]) {
    let mut left = noted(&cx.private());
    left.extend(more);
    left.retain(|one| !here.contains(one));
    left.dedup();
    note(cx, &left);
}

fn note(cx: &Cx, left: &[Left]) {
    if left.is_empty() { cx.forget(NOTE) } else { cx.remember(NOTE, &left) }
}

/// Has the next apply try again where something is left behind: the plan shows a change of this computed attribute.
pub fn plan_removal(plan: &mut Plan<'_>, attribute: &str) {
    let left = noted(plan.private());
    if plan.is_create() || left.is_empty() {
        return;
    }
    plan.leave_open(&[attribute]);
    let all: Vec<_> = left.iter().map(Left::shown).collect();
    let explanation = Explanation::new("BERTH-ROUTE53-032", "An earlier move has left something behind");
    plan.warn(&explanation.on(all.join(", ")).next("apply: it is removed then, and nothing else of this is changed"));
}

/// Removes all that is left behind, and forgets what is gone.
///
/// # Errors
/// The first that cannot be removed; it stays remembered.
pub async fn remove(cx: &Cx, aws: &Aws, what: &str) -> Result<()> {
    let left = noted(&cx.private());
    let mut by_zone: BTreeMap<String, Vec<Left>> = BTreeMap::new();
    for one in left {
        by_zone.entry(one.zone.clone()).or_default().push(one);
    }
    let (mut still, mut failure) = (Vec::new(), None);
    for (zone, left) in by_zone {
        if let Err(error) = remove_from(cx, aws, &ZoneId::new(&zone), &left).await {
            let all: Vec<_> = left.iter().map(Left::shown).collect();
            let told = explained(aws, &error, &format!("{what}: the old place is still there"), &all.join(", ")).await;
            failure = Some(told.adding("the new place is written; the next apply tries to remove the old one again"));
            still.extend(left);
        }
    }
    note(cx, &still);
    failure.map_or(Ok(()), Err)
}

async fn remove_from(cx: &Cx, aws: &Aws, zone: &ZoneId, left: &[Left]) -> std::result::Result<(), Route53Error> {
    let route53 = aws.route53().await;
    let sets = left.iter().filter(|left| left.value.is_none()).filter_map(Left::key);
    let wish = Transition::delete(sets).in_run();
    match route53.carry_out(cx.budget(), zone, wish).await.into_result() {
        Ok(_) | Err(Route53Error::NoZoneId(_)) => {}
        Err(error) => return Err(error),
    }
    for (value, key) in left.iter().filter_map(|left| left.value.as_ref().zip(left.key())) {
        route53.disown_txt_value(cx.budget(), zone, &key.name, value).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_behind_is_read_back_from_its_note() {
        let zone = ZoneId::new("Z1");
        let key = RecordKey {
            name: DnsName::parse("*.a.example").unwrap(),
            kind: crate::domain::dns::RecordType::A,
            set_identifier: Some("blue".into()),
        };
        let left = vec![Left::set(&zone, &key), Left::value(&zone, &DnsName::parse("_acme-challenge.a").unwrap(), "v")];
        let mut private = Private::default();
        private.set(NOTE, &left);
        let read = noted(&Private::from_bytes(&private.to_bytes()));
        assert_eq!(read, left);
        assert_eq!(read[0].key(), Some(key));
        assert!(noted(&Private::default()).is_empty());
    }
}
