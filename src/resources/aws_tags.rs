//! Tags of AWS objects as several types have them: their own beside the provider's `default_tags`.

use crate::domain::tags::{self, Tags};
use crate::provider::Cx;
use crate::sdk::{Attr, Check, Explanation, Plan, Result, Seen};

/// The provider's tags for everything.
pub fn defaults(cx: &Cx) -> Result<&Tags> {
    Ok(&cx.provider().aws()?.settings().default_tags)
}

/// How keys of tags are told apart. IAM does not tell the case of those of roles, and that of all others
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html>, "Case sensitivity"); EKS tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    Cased,
    Caseless,
}

/// Plans `tags_all`: the object's own tags over the provider's. Both together must be what AWS takes.
pub fn plan(cx: &Cx, plan: &mut Plan<'_>, keys: Keys) -> Result<()> {
    let own = match plan.planned().at("tags") {
        Seen::Null => Some(None),
        Seen::Unknown => None,
        Seen::Known(_) => plan.planned().read::<Tags>("tags").map(Some),
    };
    match (own, defaults(cx)) {
        (Some(own), Ok(defaults)) => {
            let all = tags::merged(defaults, own.as_ref());
            tags::check_merged(&all).map_err(|fault| wrong(&fault))?;
            if keys == Keys::Caseless {
                tags::check_case(all.keys().map(String::as_str)).map_err(|fault| wrong(&fault))?;
            }
            plan.set("tags_all", all.encode());
        }
        _ => plan.leave_open(&["tags_all"]),
    }
    Ok(())
}

fn wrong(fault: &str) -> Explanation {
    Explanation::new("BERTH-AWS-022", format!("The tags, with the provider's `default_tags`, {fault}"))
        .next("change one of the two keys, or leave tags out; nothing was changed")
        .at("tags")
}

/// What AWS takes as tags.
pub fn check() -> Check {
    Check::new("must be at most 50 tags with keys of at most 128 characters, and values of at most 256", |value| {
        let members = value.members().into_iter().flatten();
        tags::check(members.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default())))
    })
}

/// What IAM takes besides as tags of a role.
pub fn check_case() -> Check {
    Check::new("must have keys that differ by more than case", |value| {
        tags::check_case(value.members().into_iter().flatten().map(|(key, _)| key.as_str()))
    })
}
