//! `workload_policy(workload, arguments)`: what a well-known workload may do in AWS.

use std::sync::LazyLock;

use super::policy_value;
use crate::domain::workload::{self, WorkloadError};
use crate::sdk::{Arguments, Function, FunctionError, Parameter, Signature, Type, Value};

/// The function.
pub struct WorkloadPolicy;

static DESCRIPTION: LazyLock<String> = LazyLock::new(|| {
    format!(
        "Gives the permissions of a well-known workload of clusters, as its project publishes them and as narrow as the \
         arguments allow. `statements` fits `berth_irsa_role`, `json` any other policy. Unknown workloads and arguments \
         are errors that list the known ones; a list of one text may be given as that text. Every workload also takes \
         `partition`: `aws` (default, unless `region` says otherwise), `aws-cn` or `aws-us-gov`.\n\n{}",
        workload::reference()
    )
});

impl Function for WorkloadPolicy {
    fn name(&self) -> &'static str {
        "workload_policy"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "The permissions of a well-known workload",
            description: &DESCRIPTION,
            parameters: vec![
                Parameter::new("workload", Type::String, "The workload's name, such as `cert-manager`."),
                Parameter {
                    allow_null: true,
                    ..Parameter::new(
                        "arguments",
                        Type::Dynamic,
                        "The workload's arguments as an object; `{}` for none.",
                    )
                },
            ],
            variadic: None,
            result: policy_value::result_type(),
        }
    }

    fn call(&self, arguments: &Arguments<'_>) -> Result<Value, FunctionError> {
        let named = policy_value::named(1, arguments.get(1))?;
        let statements = workload::statements(arguments.text(0)?, &named).map_err(|error| {
            let position = usize::from(!matches!(error, WorkloadError::Unknown(_)));
            FunctionError::at(position, error.to_string())
        })?;
        Ok(policy_value::value(&statements))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(workload: &str, arguments: Value) -> Result<Value, FunctionError> {
        WorkloadPolicy.call(&Arguments(&[Value::from(workload), arguments]))
    }

    #[test]
    fn gives_statements_and_their_document() {
        let policy = call("external-dns", Value::Null).unwrap();
        let statements = policy.member("statements").elements().unwrap();
        assert_eq!(statements[0].member("effect").as_str(), Some("Allow"));
        assert!(policy.member("json").as_str().unwrap().starts_with(r#"{"Statement":["#));
    }

    #[test]
    fn blames_the_workload_or_its_arguments() {
        let error = call("externaldns", Value::Null).unwrap_err();
        assert!(error.text.contains("`external-dns`"), "{}", error.text);
        assert_eq!(error.argument, Some(0));
        let error = call("external-dns", Value::object([("zone", Value::from("Z1"))])).unwrap_err();
        assert!(error.text.contains("`hosted_zone_ids`"), "{}", error.text);
        assert_eq!(error.argument, Some(1));
        assert_eq!(call("external-dns", Value::from("Z1")).unwrap_err().argument, Some(1));
    }

    #[test]
    fn the_documentation_names_every_workload_and_argument() {
        let text = WorkloadPolicy.signature().description;
        for workload in workload::WORKLOADS {
            assert!(text.contains(&format!("- `{}`", workload.name)), "{}", workload.name);
            assert!(workload.arguments().all(|argument| text.contains(&format!("`{}`", argument.name))));
        }
    }
}
