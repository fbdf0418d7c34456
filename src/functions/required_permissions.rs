//! `required_permissions(types, options…)`: what berth itself must be allowed to manage objects of these types.

use super::policy_value;
use crate::domain::permissions::{self, Scope};
use crate::sdk::{Arguments, Function, FunctionError, Parameter, Signature, Type, Value};

/// The function.
pub struct RequiredPermissions;

impl Function for RequiredPermissions {
    fn name(&self) -> &'static str {
        "required_permissions"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "What AWS must allow to whoever runs the provider",
            description: "Gives the permissions that Terraform's runner, for example a CI job, needs in AWS to refresh, \
                plan, apply, import and destroy objects of these types: exactly the calls that the provider makes, as its \
                tests record them. `statements` fits `berth_irsa_role`, `json` any other policy. Types that never speak to \
                AWS need nothing. What the configuration is stored in (a state bucket, for example) is not counted.",
            parameters: vec![Parameter::new(
                "types",
                Type::list(Type::String),
                "Types of this provider, such as `berth_irsa_role`; `data.berth_hosted_zone` for a data source, \
                 `ephemeral.berth_registry_token` for an ephemeral resource, `list.…` for a listing and `action.…` for an action.",
            )],
            variadic: Some(Parameter {
                allow_null: true,
                ..Parameter::new(
                    "options",
                    Type::Dynamic,
                    "An object that narrows the policy: `plan_only` (true for a runner that only plans), `partition` \
                     (default `aws`), `account_id`, `path` and `role_names` (of roles; `*` is a wildcard), \
                     `hosted_zone_ids`, `cluster_names`, `preflights` (true for what only the warnings of plans need, \
                     which are silent without).",
                )
            }),
            result: policy_value::result_type(),
        }
    }

    fn call(&self, arguments: &Arguments<'_>) -> Result<Value, FunctionError> {
        let options = policy_value::named(1, arguments.get(1))?;
        let scope = Scope::read(&options).map_err(|error| FunctionError::at(1, error.to_string()))?;
        let plan_only = match options.get("plan_only") {
            None | Some(serde_json::Value::Null) => false,
            Some(serde_json::Value::Bool(plan_only)) => *plan_only,
            Some(_) => return Err(FunctionError::at(1, "the option `plan_only` must be `true` or `false`")),
        };
        let types = arguments.get(0).elements().unwrap_or_default();
        let types: Vec<&str> = types.iter().filter_map(Value::as_str).collect();
        let statements = permissions::permissions(types, &scope, plan_only);
        Ok(policy_value::value(&statements.map_err(|error| FunctionError::at(0, error.to_string()))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(ty: &str, options: Value) -> Result<Value, FunctionError> {
        RequiredPermissions.call(&Arguments(&[Value::List(vec![Value::from(ty)]), options]))
    }

    #[test]
    fn a_plan_needs_less_than_an_apply() {
        let plan = call("berth_irsa_role", Value::object([("plan_only", Value::from(true))])).unwrap();
        let apply = call("berth_irsa_role", Value::Null).unwrap();
        let json = |policy: &Value| policy.member("json").as_str().unwrap().to_owned();
        assert!(json(&apply).contains("iam:CreateRole") && !json(&plan).contains("iam:CreateRole"));
    }

    #[test]
    fn each_mistake_blames_its_argument() {
        assert_eq!(call("aws_iam_role", Value::Null).unwrap_err().argument, Some(0));
        assert_eq!(
            call("berth_irsa_role", Value::object([("zones", Value::from("Z"))])).unwrap_err().argument,
            Some(1)
        );
        let number = Value::object([("plan_only", Value::from(1))]);
        assert_eq!(call("berth_irsa_role", number).unwrap_err().argument, Some(1));
    }
}
