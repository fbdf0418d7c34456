//! How long the operations of a resource may take.

use std::time::Duration;

use super::{Value, check};

/// The `timeouts` attribute of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, super::Model)]
pub struct Timeouts {
    /// How long a create may take, such as `30m`.
    #[attr(check = check::duration())]
    pub create: Option<String>,
    /// How long a refresh may take.
    #[attr(check = check::duration())]
    pub read: Option<String>,
    /// How long an update may take.
    #[attr(check = check::duration())]
    pub update: Option<String>,
    /// How long a delete may take.
    #[attr(check = check::duration())]
    pub delete: Option<String>,
}

/// The `timeouts` attribute of a data source, which is only read.
#[derive(Clone, Debug, Default, PartialEq, Eq, super::Model)]
pub struct ReadTimeouts {
    /// How long reading may take, such as `5m`.
    #[attr(check = check::duration())]
    pub read: Option<String>,
}

/// The `timeouts` attribute of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq, super::Model)]
pub struct InvokeTimeouts {
    /// How long the action may take, such as `5m`.
    #[attr(check = check::duration())]
    pub invoke: Option<String>,
}

/// Whether two values of a resource differ at most in `timeouts`: these tell how long the provider may work, and change no object.
pub(crate) fn differ_at_most_in_timeouts(one: &Value, other: &Value) -> bool {
    match (one.members(), other.members()) {
        (Some(one), Some(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| name == "timeouts" || other.get(name) == Some(value))
        }
        _ => one == other,
    }
}

/// What applies where the user sets no `timeouts`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For a create.
    pub create: Duration,
    /// For a refresh, an import and a plan.
    pub read: Duration,
    /// For an update.
    pub update: Duration,
    /// For a delete.
    pub delete: Duration,
    /// For an action.
    pub invoke: Duration,
}

impl Limits {
    /// The same number of minutes for each change, two minutes for a refresh.
    pub const fn minutes(minutes: u64) -> Self {
        let change = Duration::from_mins(minutes);
        Self { create: change, read: Duration::from_mins(2), update: change, delete: change, invoke: change }
    }

    /// These limits, with what the `timeouts` attribute of `object` says in their place.
    #[must_use]
    pub fn overridden_by(self, object: &Value) -> Self {
        let timeouts = object.member("timeouts");
        let given = |name: &str, limit| timeouts.member(name).as_str().and_then(parse_duration).unwrap_or(limit);
        Self {
            create: given("create", self.create),
            read: given("read", self.read),
            update: given("update", self.update),
            delete: given("delete", self.delete),
            invoke: given("invoke", self.invoke),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::minutes(10)
    }
}

/// Reads a duration as Go writes them: numbers with the units `h`, `m`, `s`, `ms`; not negative.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        total =
            total.checked_add(Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds_in(unit)?).ok()?)?;
        rest = after;
    }
    Some(total)
}

fn seconds_in(unit: &str) -> Option<f64> {
    match unit {
        "h" => Some(3600.0),
        "m" => Some(60.0),
        "s" => Some(1.0),
        "ms" => Some(0.001),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_timeouts_win() {
        let object = Value::object([("timeouts", Value::object([("create", Value::from("1h30m"))]))]);
        let limits = Limits::minutes(10).overridden_by(&object);
        assert_eq!(limits.create, Duration::from_mins(90));
        assert_eq!(limits.delete, Duration::from_mins(10));
    }

    #[test]
    fn reads_durations() {
        assert_eq!(parse_duration("1.5h"), Some(Duration::from_mins(90)));
        assert_eq!(parse_duration("2m500ms"), Some(Duration::from_millis(120_500)));
        assert_eq!(parse_duration("10"), None);
        assert_eq!(parse_duration("ten minutes"), None);
    }
}
