//! What berth itself must be allowed in AWS to manage objects of given types.

mod principal;
mod scope;
mod table;

use std::collections::BTreeMap;

use super::irsa::Statement;
pub use principal::principal_of;
pub use scope::{On, Scope, ScopeError};
pub use table::{Action, ENTRIES, Entry, Group, Sort};

/// What is wrong with the question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("berth has no type `{name}`; it has {known}", known = known())]
pub struct UnknownType {
    /// The type that is not known.
    pub name: String,
}

fn known() -> String {
    let mut names: Vec<_> = ENTRIES.iter().map(|entry| format!("`{}`", entry.name)).collect();
    names.sort();
    names.dedup();
    names.join(", ")
}

/// The entries of a type: `berth_x` means every kind of that name except for the list resource, `data.berth_x` the data
/// source alone, and so on with `ephemeral`, `list` and `action`.
fn entries(name: &str) -> Result<Vec<&'static Entry>, UnknownType> {
    let (bare, sort) = match name.split_once('.') {
        Some(("data", bare)) => (bare, Some(Sort::Data)),
        Some(("ephemeral", bare)) => (bare, Some(Sort::Ephemeral)),
        Some(("list", bare)) => (bare, Some(Sort::List)),
        Some(("action", bare)) => (bare, Some(Sort::Action)),
        _ => (name, None),
    };
    let fits = |entry: &&Entry| entry.name == bare && sort.map_or(entry.sort != Sort::List, |sort| entry.sort == sort);
    let found: Vec<_> = ENTRIES.iter().filter(fits).collect();
    if found.is_empty() { Err(UnknownType { name: name.to_owned() }) } else { Ok(found) }
}

/// The statements that managing these types needs, each once, whatever the order of the types. With `plan_only`, what a
/// refresh and a plan need.
pub fn permissions<'a>(
    types: impl IntoIterator<Item = &'a str>,
    scope: &Scope,
    plan_only: bool,
) -> Result<Vec<Statement>, UnknownType> {
    let mut groups: BTreeMap<&str, (&Group, bool)> = BTreeMap::new();
    for name in types {
        for entry in entries(name)? {
            let needed = entry.groups.iter().filter(|_| !plan_only || entry.asks_at_plan);
            let wanted = entry.preflights.iter().filter(|_| scope.preflights());
            let reads_only = plan_only || entry.sort == Sort::List;
            for group in needed.chain(wanted) {
                groups.entry(group.sid).and_modify(|(_, reads)| *reads &= reads_only).or_insert((group, reads_only));
            }
        }
    }
    Ok(groups.into_values().filter_map(|(group, reads_only)| statement(group, scope, reads_only)).collect())
}

/// What a group says of all its actions, or of those that only read.
fn statement(group: &Group, scope: &Scope, reads_only: bool) -> Option<Statement> {
    let wanted = group.actions.iter().filter(|action| !reads_only || action.plan);
    let actions: Vec<_> = wanted.map(|action| format!("{}:{}", group.service, action.name)).collect();
    let resources = scope.resources(group.on);
    let statement = Statement { sid: Some(group.sid.to_owned()), actions, resources, ..Statement::default() };
    (!statement.actions.is_empty()).then_some(statement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::irsa::limits::MANAGED;
    use crate::domain::irsa::{mistakes, policy_json, size};

    #[test]
    fn each_group_is_said_once_whatever_the_order() {
        let ask = |types: &[&str]| permissions(types.iter().copied(), &Scope::default(), false).unwrap();
        let one = ask(&["berth_dns_record", "berth_irsa_role"]);
        assert_eq!(one, ask(&["berth_irsa_role", "berth_dns01_record", "berth_dns_record"]));
        assert!(ask(&["berth_pull_secret"]).is_empty() && ask(&[]).is_empty());
    }

    #[test]
    fn all_types_together_are_a_valid_policy_that_fits() {
        let all = permissions(ENTRIES.iter().map(|entry| entry.name), &Scope::default(), false).unwrap();
        assert_eq!(mistakes::problems("statements", &all), []);
        assert!(size(&policy_json(&all)) <= MANAGED, "{}", size(&policy_json(&all)));
    }

    #[test]
    fn a_listing_reads_only_and_is_asked_for_by_its_kind() {
        let actions = |types: &[&str]| {
            let statements = permissions(types.iter().copied(), &Scope::default(), false).unwrap();
            statements.into_iter().flat_map(|statement| statement.actions).collect::<Vec<_>>()
        };
        let list = actions(&["list.berth_dns_record"]);
        assert_eq!(list, ["route53:ListHostedZones", "route53:GetHostedZone", "route53:ListResourceRecordSets"]);
        let both = actions(&["list.berth_dns_record", "berth_dns_record"]);
        assert!(both.contains(&"route53:ChangeResourceRecordSets".to_owned()), "{both:?}");
        assert!(!actions(&["berth_oidc_provider"]).contains(&"iam:ListOpenIDConnectProviders".to_owned()));
    }

    #[test]
    fn what_only_warnings_need_is_given_on_wish() {
        let options = serde_json::json!({ "preflights": true });
        let wish = Scope::read(options.as_object().unwrap()).unwrap();
        let (usual, ask) = (Scope::default(), |scope: &Scope, plan_only| {
            let found = permissions(["berth_acme_certificate"], scope, plan_only).unwrap();
            found.into_iter().flat_map(|statement| statement.actions).collect::<Vec<_>>()
        });
        let simulation = "iam:SimulatePrincipalPolicy".to_owned();
        assert!(!ask(&usual, false).contains(&simulation) && ask(&usual, true).is_empty());
        assert!(ask(&wish, false).contains(&simulation));
        let plan = ask(&wish, true);
        assert!(plan.contains(&simulation) && plan.contains(&"route53:GetHostedZone".to_owned()), "{plan:?}");
        assert!(!plan.contains(&"route53:ChangeResourceRecordSets".to_owned()), "{plan:?}");
    }

    #[test]
    fn a_plan_needs_nothing_that_changes() {
        let all = permissions(ENTRIES.iter().map(|entry| entry.name), &Scope::default(), true).unwrap();
        let reads = |action: &String| {
            action
                .split(':')
                .nth(1)
                .is_some_and(|verb| ["Get", "List", "Describe", "Simulate"].iter().any(|start| verb.starts_with(start)))
        };
        assert!(all.iter().all(|statement| statement.actions.iter().all(reads)), "{all:?}");
    }

    #[test]
    fn an_unknown_type_lists_the_known_ones() {
        let error = permissions(["berth_rolle"], &Scope::default(), false).unwrap_err().to_string();
        assert!(error.contains("`berth_rolle`") && error.contains("`berth_irsa_role`"), "{error}");
        assert!(permissions(["data.berth_irsa_role"], &Scope::default(), false).is_err());
        assert!(permissions(["data.berth_hosted_zone"], &Scope::default(), false).is_ok());
        let tokens = ["ephemeral.berth_registry_token", "berth_registry_token"];
        assert_eq!(permissions(tokens, &Scope::default(), false), Ok(Vec::new()));
        assert!(permissions(["data.berth_registry_token"], &Scope::default(), false).is_err());
    }
}
