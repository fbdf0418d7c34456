//! `required_kubernetes_permissions(types, options…)`: what berth itself must be allowed in a cluster.

use std::collections::BTreeMap;

use super::policy_value;
use crate::domain::cluster_permissions::{PolicyRule, Rules, Use, permissions};
use crate::sdk::{Arguments, Function, FunctionError, Parameter, Signature, Type, Value};

/// The function.
pub struct RequiredKubernetesPermissions;

impl Function for RequiredKubernetesPermissions {
    fn name(&self) -> &'static str {
        "required_kubernetes_permissions"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "What a cluster must allow to whoever runs the provider",
            description: "Gives the RBAC rules that Terraform's runner, for example a CI job, needs in a Kubernetes cluster to \
                refresh, plan, apply, import and destroy objects of these types: exactly what the provider asks, as its tests \
                record it under just these rules. Types that never speak to a cluster need nothing.\n\n\
                `namespaced.rules` fits a Role in each namespace that the objects name, `cluster.rules` a ClusterRole; the \
                latter is empty unless an option asks for it. A namespace that berth makes itself has no Role yet: then bind \
                the namespaced rules in the whole cluster. What stands under `optional` is not needed: it lets messages name \
                causes (events, logs, the Pod that holds a port) and some warnings be given; without it they are left out.",
            parameters: vec![Parameter::new(
                "types",
                Type::list(Type::String),
                "Types of this provider, such as `berth_registry`; `data.berth_ingress_address` for a data source, \
                 `ephemeral.berth_registry_token` for an ephemeral resource, `list.…` for a listing and `action.…` for an action.",
            )],
            variadic: Some(Parameter {
                allow_null: true,
                ..Parameter::new(
                    "options",
                    Type::Dynamic,
                    "An object: `plan_only` (true for a runner that only plans), and `attributes`, those of the following \
                     that the configuration sets, since they need more: `create_namespace`, `gateway`, `namespace_selector`, \
                     `in_cluster`, `annotate_service_accounts`, `replaces_irsa`, `delete_secret_on_destroy`, `pods`, `renew_triggers`, `restore`, \
                     `acme.external_account_binding`, `http01.ingress_class` and, in its place, `http01.endpoint`.",
                )
            }),
            result: object([("cluster", rules_type()), ("namespaced", rules_type())]),
        }
    }

    fn call(&self, arguments: &Arguments<'_>) -> Result<Value, FunctionError> {
        let options = policy_value::named(1, arguments.get(1))?;
        let wanted = Use::read(&options).map_err(|fault| FunctionError::at(1, fault.to_string()))?;
        let types = arguments.get(0).elements().unwrap_or_default();
        let types: Vec<&str> = types.iter().filter_map(Value::as_str).collect();
        let found = permissions(types, &wanted).map_err(|fault| FunctionError::at(0, fault.to_string()))?;
        Ok(Value::object([("cluster", rules(&found.cluster)), ("namespaced", rules(&found.namespaced))]))
    }
}

fn object<const N: usize>(attributes: [(&str, Type); N]) -> Type {
    Type::Object(attributes.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect::<BTreeMap<_, _>>())
}

/// As the API has it, names included, so that it can be put into a manifest as it is.
fn rules_type() -> Type {
    let texts = || Type::list(Type::String);
    let rules = || Type::list(object([("apiGroups", texts()), ("resources", texts()), ("verbs", texts())]));
    object([("rules", rules()), ("optional", rules())])
}

fn rules(found: &Rules) -> Value {
    let list = |rules: &[PolicyRule]| Value::List(rules.iter().map(rule).collect());
    Value::object([("rules", list(&found.rules)), ("optional", list(&found.optional))])
}

fn rule(rule: &PolicyRule) -> Value {
    let texts = |names: &[&str]| Value::List(names.iter().map(|name| Value::from(*name)).collect());
    Value::object([
        ("apiGroups", texts(&[rule.group])),
        ("resources", texts(&rule.resources)),
        ("verbs", texts(&rule.verbs)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cluster_permissions::ENTRIES;

    fn call(ty: &str, options: Value) -> Result<Value, FunctionError> {
        RequiredKubernetesPermissions.call(&Arguments(&[Value::List(vec![Value::from(ty)]), options]))
    }

    #[test]
    fn rules_are_as_the_api_has_them() {
        let given = call("berth_pull_secret", Value::Null).unwrap();
        let rules = given.member("namespaced").member("rules").elements().unwrap().to_vec();
        let json: Vec<_> = rules.iter().map(Value::to_json).collect();
        let expected =
            serde_json::json!({ "apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get", "update"] });
        assert!(json.contains(&expected), "{json:?}");
    }

    #[test]
    fn each_mistake_blames_its_argument() {
        assert_eq!(call("kubernetes_secret", Value::Null).unwrap_err().argument, Some(0));
        let wrong = Value::object([("plan_only", Value::from(1))]);
        assert_eq!(call("berth_registry", wrong).unwrap_err().argument, Some(1));
    }

    #[test]
    fn the_description_names_every_attribute_that_needs_more() {
        let words = RequiredKubernetesPermissions.signature().variadic.unwrap().description;
        for name in ENTRIES.iter().flat_map(|entry| entry.rules).filter_map(|rule| rule.need.attribute()) {
            assert!(words.contains(&format!("`{name}`")), "{name}");
        }
    }
}
