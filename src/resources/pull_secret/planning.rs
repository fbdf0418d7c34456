//! What a plan can know of pull secrets.

use std::collections::BTreeMap;

use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::missing::Missing;
use crate::resources::write_only::Kept;
use crate::sdk::{Plan, Result, Value};

use super::taking_over::IMPORTED;

/// The password of a login that the Secret has already may be left out.
const PASSWORDS: Kept = Kept { map: "registries", secret: "password_wo", belongs_to: &["username"] };

/// Refuses logins whose password is not given and not known to the Secret.
///
/// # Errors
/// The first of them.
pub fn refuse_logins_without_password(plan: &Plan<'_>) -> Result<()> {
    let Some(host) = PASSWORDS.first_needed(plan) else { return Ok(()) };
    Err(Explanation::new("BERTH-PULL-001", format!("The login to `{host}` has no password"))
        .next("set password_wo; it may be left out later, as long as username and password_wo_version stay the same")
        .at(format!("registries[\"{host}\"]")))
}

/// Whether the apply is to set something right: what a refresh has found, or passwords that an import could not find. Where
/// none are declared, they stay as they are.
pub fn has_drifted(cx: &Cx, plan: &mut Plan<'_>) -> bool {
    let found = plan.prior().read::<Vec<String>>("drift").unwrap_or_default();
    let is_new = cx.recall::<bool>(IMPORTED).is_some() && PASSWORDS.is_given(plan);
    if is_new {
        let name = plan.planned().text("name").unwrap_or_default();
        let what = format!(
            "The pull secret `{name}` was imported without its passwords: the apply sets those that are declared"
        );
        let next = "nothing needs to be done; leave password_wo out to keep the one that the Secret has";
        plan.warn(&Explanation::new("BERTH-PULL-004", what).next(next));
    }
    is_new || !found.is_empty()
}

/// Fills in where the Secrets will be and which accounts will use them, unless a selector has to find that out.
pub fn foresee(plan: &mut Plan<'_>) {
    let view = plan.planned();
    let (Some(name), true) = (view.text("name").map(str::to_owned), view.at("namespace_selector").is_null()) else {
        return;
    };
    let Some(namespaces) = view.read::<Vec<String>>("namespaces") else { return };
    let accounts = view.read::<Vec<String>>("service_accounts");
    plan.set("secrets", sorted(namespaces.iter().map(|namespace| format!("{namespace}/{name}"))));
    if let Some(accounts) = accounts {
        plan.set(
            "bound",
            sorted(pairs(&namespaces, &accounts).map(|(namespace, account)| format!("{namespace}/{account}"))),
        );
    }
}

/// Says once, when it is first planned, that every namespace is chosen.
pub fn warn_of_all_namespaces(plan: &mut Plan<'_>) {
    let selector = plan.planned().at("namespace_selector").known().and_then(Value::members);
    let is_new = plan.is_create() || plan.changes("namespace_selector");
    if is_new && selector.is_some_and(BTreeMap::is_empty) {
        let what = "`namespace_selector = {}` chooses every namespace, kube-system included";
        let next = "name labels, or the namespaces; nothing needs to be done if all of them are meant";
        plan.warn(&Explanation::new("BERTH-PULL-001", what).next(next).at("namespace_selector"));
    }
}

/// Looks for the namespaces and accounts that are named.
pub async fn warn_of_what_is_missing(cx: &Cx, plan: &mut Plan<'_>) {
    let view = plan.planned();
    let namespaces = view.read::<Vec<String>>("namespaces").unwrap_or_default();
    let accounts = view.read::<Vec<String>>("service_accounts").unwrap_or_default();
    let what = format!("The pull secret `{}` may not be made everywhere", view.text("name").unwrap_or_default());
    let accounts: Vec<_> = pairs(&namespaces, &accounts).map(|(one, other)| (one.clone(), other.clone())).collect();
    let missing = Missing { what: &what, namespaces: "namespaces", accounts: "service_accounts" };
    for told in missing.look(cx, &namespaces, &accounts).await {
        plan.warn(&told);
    }
}

fn pairs<'a>(namespaces: &'a [String], accounts: &'a [String]) -> impl Iterator<Item = (&'a String, &'a String)> {
    namespaces.iter().flat_map(move |namespace| accounts.iter().map(move |account| (namespace, account)))
}

fn sorted(texts: impl Iterator<Item = String>) -> Value {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.dedup();
    Value::from(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk::{Private, Schema};

    fn foreseen(parts: &[(&str, Value)]) -> Value {
        let schema = Schema::default();
        let open = [("secrets", Value::Unknown), ("bound", Value::Unknown), ("name", Value::from("pull"))];
        let planned = Value::object(open.into_iter().chain(parts.iter().cloned()));
        let mut plan = Plan::new(&schema, Value::Null, None, planned, Private::default());
        foresee(&mut plan);
        plan.planned().value().clone()
    }

    #[test]
    fn a_rotation_leaves_open_what_only_a_selector_finds() {
        let named =
            [("namespaces", Value::from(vec!["b", "a"])), ("service_accounts", Value::from(vec!["default", "ci"]))];
        let planned = foreseen(&named);
        assert_eq!(planned.member("secrets"), &Value::from(vec!["a/pull", "b/pull"]));
        assert_eq!(planned.member("bound"), &Value::from(vec!["a/ci", "a/default", "b/ci", "b/default"]));
        let [namespaces, accounts] = named;
        let selector = ("namespace_selector", Value::object([("team", Value::from("a"))]));
        assert!(foreseen(&[namespaces.clone(), accounts, selector]).member("secrets").is_unknown());
        let planned = foreseen(&[namespaces, ("service_accounts", Value::Unknown)]);
        assert!(planned.member("bound").is_unknown() && !planned.member("secrets").is_unknown());
    }
}
