//! Tags of AWS objects as several types have them: their own beside the provider's `default_tags`.

use crate::domain::tags::{self, Tags};
use crate::provider::Cx;
use crate::sdk::{Attr, Check, Plan, Result, Seen};

/// The provider's tags for everything.
pub fn defaults(cx: &Cx) -> Result<&Tags> {
    Ok(&cx.provider().aws()?.settings().default_tags)
}

/// Plans `tags_all`: the object's own tags over the provider's.
pub fn plan(cx: &Cx, plan: &mut Plan<'_>) {
    let own = match plan.planned().at("tags") {
        Seen::Null => Some(None),
        Seen::Unknown => None,
        Seen::Known(_) => plan.planned().read::<Tags>("tags").map(Some),
    };
    match (own, defaults(cx)) {
        (Some(own), Ok(defaults)) => plan.set("tags_all", tags::merged(defaults, own.as_ref()).encode()),
        _ => plan.leave_open(&["tags_all"]),
    }
}

/// What AWS takes as tags.
pub fn check() -> Check {
    let rule = "must be at most 50 tags with keys of at most 128 characters and values of at most 256";
    Check::new(rule, |value| {
        let members = value.members().into_iter().flatten();
        tags::check(members.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default())))
    })
}
