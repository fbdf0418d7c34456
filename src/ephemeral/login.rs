//! A login of which both parts are given, or neither.

use crate::explain::Explanation;
use crate::sdk::View;

/// The part that is given, and the one that is missing beside it.
pub fn half(login: View<'_>) -> Option<(&'static str, &'static str)> {
    let pairs = [("username", "password"), ("password", "username")];
    pairs.into_iter().find(|(given, absent)| login.at(given).is_given() && login.at(absent).is_null())
}

/// What is told of a login without its other part.
pub fn incomplete(what: impl Into<String>, absent: &str) -> Explanation {
    let step = format!("set {absent} too, or neither to use the provider's login");
    Explanation::new("BERTH-LOGIN-001", what).next(step)
}
