//! What berth itself must be allowed in a cluster to manage objects of given types.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

pub use table::{ENTRIES, Entry, Need, Place, Rule};

/// What is wrong with the question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A type that is not known.
    #[error("berth has no type `{0}`; it has {known}", known = types())]
    Type(String),
    /// An option that is not known.
    #[error("`{0}` is no option; the options are `plan_only` and `attributes`")]
    Option(String),
    /// An option of another form.
    #[error("the option `plan_only` must be `true` or `false`")]
    PlanOnly,
    /// An option of another form.
    #[error("the option `attributes` must be a list of texts")]
    Attributes,
    /// An attribute that asks for nothing more.
    #[error("no type needs more for the attribute `{0}`; those that do are {known}", known = listed(attributes()))]
    Attribute(String),
}

/// What the rules are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Only what a refresh and a plan ask.
    pub plan_only: bool,
    /// Attributes that the configuration sets.
    pub attributes: BTreeSet<String>,
}

impl Use {
    /// Reads the options.
    ///
    /// # Errors
    /// Names the option that cannot be read.
    pub fn read(options: &Map<String, Value>) -> Result<Self, Fault> {
        let mut read = Self::default();
        for (name, value) in options {
            match (name.as_str(), value) {
                ("plan_only" | "attributes", Value::Null) => {}
                ("plan_only", value) => read.plan_only = value.as_bool().ok_or(Fault::PlanOnly)?,
                ("attributes", value) => read.attributes = set(value)?,
                _ => return Err(Fault::Option(name.clone())),
            }
        }
        Ok(read)
    }

    fn wants(&self, rule: &Rule) -> bool {
        rule.need.attribute().is_none_or(|name| self.attributes.contains(name))
    }

    fn verbs(&self, rule: &Rule) -> impl Iterator<Item = &'static str> + use<> {
        let apply = if self.plan_only { &[] } else { rule.apply };
        rule.plan.iter().chain(apply).copied()
    }
}

fn set(value: &Value) -> Result<BTreeSet<String>, Fault> {
    let elements = value.as_array().ok_or(Fault::Attributes)?;
    let mut names = BTreeSet::new();
    for element in elements {
        let name = element.as_str().ok_or(Fault::Attributes)?;
        if !attributes().any(|known| known == name) {
            return Err(Fault::Attribute(name.to_owned()));
        }
        names.insert(name.to_owned());
    }
    Ok(names)
}

/// The attributes that need more.
fn attributes() -> impl Iterator<Item = &'static str> {
    let rules = ENTRIES.iter().flat_map(|entry| entry.rules);
    rules.filter_map(|rule| rule.need.attribute()).collect::<BTreeSet<_>>().into_iter()
}

fn types() -> String {
    listed(ENTRIES.iter().map(|entry| entry.name))
}

fn listed(names: impl Iterator<Item = &'static str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A rule as a Role has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRule {
    /// The API group; empty for the core one.
    pub group: &'static str,
    /// Resources that are asked for the same verbs.
    pub resources: Vec<&'static str>,
    /// The verbs, as in [`VERBS`].
    pub verbs: Vec<&'static str>,
}

/// The rules for one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What is needed.
    pub rules: Vec<PolicyRule>,
    /// What only makes messages better, beside that.
    pub optional: Vec<PolicyRule>,
}

/// The rules for namespaces, and for the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// For a Role in each namespace that the objects name.
    pub namespaced: Rules,
    /// For a `ClusterRole`.
    pub cluster: Rules,
}

/// The verbs, in the order in which people write them.
pub const VERBS: [&str; 9] = ["get", "list", "watch", "create", "patch", "update", "delete", "escalate", "bind"];

/// Group and resource, with what is asked of them.
type Asked = BTreeMap<(&'static str, &'static str), BTreeSet<&'static str>>;

/// What managing these types needs, each right once, whatever the order of the types.
///
/// # Errors
/// A type that berth does not have.
pub fn permissions<'a>(types: impl IntoIterator<Item = &'a str>, wanted: &Use) -> Result<Permissions, Fault> {
    let mut rules: Vec<&Rule> = Vec::new();
    for name in types {
        rules.extend(entry(name).ok_or_else(|| Fault::Type(name.to_owned()))?.rules);
    }
    rules.retain(|rule| wanted.wants(rule));
    let of = |place| {
        let at_place = rules.iter().filter(move |rule| rule.place == place);
        let (optional, needed): (Vec<_>, Vec<_>) = at_place.partition(|rule| rule.need.is_optional());
        let (needed, mut optional) = (asked(&needed, wanted), asked(&optional, wanted));
        for (on, verbs) in &mut optional {
            verbs.retain(|verb| !needed.get(on).is_some_and(|needed| needed.contains(verb)));
        }
        Rules { rules: joined(needed), optional: joined(optional) }
    };
    Ok(Permissions { namespaced: of(Place::Namespaced), cluster: of(Place::Cluster) })
}

/// What is asked for a type, whose kind need not be said.
fn entry(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name || entry.name.split_once('.').is_some_and(|(_, bare)| bare == name))
}

fn asked(rules: &[&&Rule], wanted: &Use) -> Asked {
    let mut asked = Asked::new();
    for rule in rules {
        asked.entry((rule.group, rule.resource)).or_default().extend(wanted.verbs(rule));
    }
    asked
}

/// Resources of a group that are asked for the same verbs are one rule.
fn joined(asked: Asked) -> Vec<PolicyRule> {
    let mut rules: Vec<PolicyRule> = Vec::new();
    for ((group, resource), verbs) in asked {
        let verbs: Vec<_> = VERBS.into_iter().filter(|verb| verbs.contains(verb)).collect();
        match rules.iter_mut().find(|rule| rule.group == group && rule.verbs == verbs) {
            _ if verbs.is_empty() => {}
            Some(rule) => rule.resources.push(resource),
            None => rules.push(PolicyRule { group, resources: vec![resource], verbs }),
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(types: &[&str], options: &Value) -> Permissions {
        permissions(types.iter().copied(), &Use::read(options.as_object().unwrap()).unwrap()).unwrap()
    }

    fn verbs(rules: &[PolicyRule], resource: &str) -> Vec<&'static str> {
        rules.iter().filter(|rule| rule.resources.contains(&resource)).flat_map(|rule| rule.verbs.clone()).collect()
    }

    #[test]
    fn each_right_is_said_once_whatever_the_order() {
        let one = ask(&["berth_registry", "berth_pull_secret"], &json!({}));
        assert_eq!(one, ask(&["berth_pull_secret", "berth_registry", "berth_pull_secret"], &json!({})));
        assert_eq!(verbs(&one.namespaced.rules, "secrets"), ["get", "create", "patch", "delete"]);
        assert_eq!(ask(&["berth_dns_record"], &json!({})), Permissions::default());
        for rules in [&one.namespaced, &one.cluster] {
            for rule in &rules.optional {
                let twice = |verb: &&str| rule.resources.iter().any(|it| verbs(&rules.rules, it).contains(verb));
                assert!(!rule.verbs.iter().any(twice), "{rule:?} is needed in any case");
            }
        }
    }

    #[test]
    fn a_plan_changes_nothing() {
        let types = ENTRIES.iter().map(|entry| entry.name);
        let all: Vec<_> = attributes().collect();
        let wanted = Use { plan_only: true, attributes: all.iter().map(|name| (*name).to_owned()).collect() };
        let Permissions { namespaced, cluster } = permissions(types, &wanted).unwrap();
        for rule in [namespaced.rules, namespaced.optional, cluster.rules, cluster.optional].concat() {
            assert!(rule.verbs.iter().all(|verb| ["get", "list", "watch"].contains(verb)), "{rule:?}");
        }
    }

    #[test]
    fn what_reaches_over_the_whole_cluster_is_given_for_its_attribute_only() {
        let usual = ask(&["berth_registry", "berth_pull_secret", "berth_acme_account"], &json!({}));
        assert_eq!(usual.cluster.rules, []);
        let own = ask(&["berth_registry"], &json!({ "attributes": ["create_namespace"] }));
        assert_eq!(verbs(&own.cluster.rules, "namespaces"), ["get", "create", "delete"]);
        let found = ask(&["berth_pull_secret"], &json!({ "attributes": ["namespace_selector"] }));
        assert_eq!(verbs(&found.cluster.rules, "namespaces"), ["list"]);
    }

    #[test]
    fn secrets_are_never_listed_but_to_find_a_namespace_empty_or_what_a_pod_lacks() {
        // A diagnosis of a Pod looks for a pull secret that is not bound, and does without where it may not.
        const LOOKING: &str = "data.berth_pod_diagnosis";
        let looking = ask(&[LOOKING], &json!({}));
        for rules in [&looking.namespaced, &looking.cluster] {
            assert!(!verbs(&rules.rules, "secrets").contains(&"list"), "{rules:?}");
        }
        for attribute in attributes().chain([""]) {
            let attributes: Vec<_> = Some(attribute).filter(|it| !it.is_empty()).into_iter().collect();
            // Whoever lists pull secrets and certificates lists Secrets.
            let all =
                ENTRIES.iter().map(|entry| entry.name).filter(|name| !name.starts_with("list.") && *name != LOOKING);
            let given = ask(&all.collect::<Vec<_>>(), &json!({ "attributes": attributes }));
            for rules in [&given.namespaced, &given.cluster] {
                let read = [verbs(&rules.rules, "secrets"), verbs(&rules.optional, "secrets")].concat();
                assert!(!read.contains(&"list") && !read.contains(&"watch"), "{attribute}: {rules:?}");
            }
        }
    }

    #[test]
    fn every_mistake_names_what_there_is() {
        let fault = |options: Value| Use::read(options.as_object().unwrap()).unwrap_err().to_string();
        assert!(fault(json!({ "plan": true })).contains("`plan_only`"));
        assert!(fault(json!({ "plan_only": "yes" })).contains("`true`"));
        assert!(fault(json!({ "attributes": "create_namespace" })).contains("list"));
        assert!(fault(json!({ "attributes": ["namespace"] })).contains("`create_namespace`"));
        assert_eq!(Use::read(&Map::from_iter([("attributes".to_owned(), Value::Null)])), Ok(Use::default()));
        let unknown = permissions(["kubernetes_secret"], &Use::default()).unwrap_err().to_string();
        assert!(unknown.contains("`kubernetes_secret`") && unknown.contains("`berth_registry`"), "{unknown}");
        assert!(permissions(["data.berth_registry"], &Use::default()).is_err());
        assert!(permissions(["data.berth_ingress_address", "berth_ingress_address"], &Use::default()).is_ok());
        assert!(permissions(["ephemeral.berth_htpasswd", "berth_htpasswd"], &Use::default()).is_ok());
    }

    #[test]
    fn verbs_of_the_table_are_known_and_said_once() {
        for Entry { name, rules } in ENTRIES {
            for rule in *rules {
                let said: Vec<_> = rule.plan.iter().chain(rule.apply).collect();
                let distinct: BTreeSet<_> = said.iter().collect();
                assert!(said.len() == distinct.len() && !said.is_empty(), "{name}: {rule:?}");
                assert!(said.iter().all(|verb| VERBS.contains(verb)), "{name}: {rule:?}");
            }
        }
    }
}
