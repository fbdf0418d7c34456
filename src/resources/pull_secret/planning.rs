//! What a plan can know of pull secrets.

use std::collections::BTreeMap;

use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::missing::Missing;
use crate::sdk::{Plan, Value};

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
