//! The External Secrets Operator with Secrets Manager and the Parameter Store.
//!
//! Sources: <https://external-secrets.io/latest/provider/aws-secrets-manager/> and
//! <https://external-secrets.io/latest/provider/aws-parameter-store/>.

use super::arguments::{Arguments, Kind, Parameter, wrong};
use super::place::{ACCOUNT, KMS_KEYS, Place, REGION, service_domain};
use super::{Workload, WorkloadError, allow, anything};
use crate::domain::irsa::Statement;

pub(super) const EXTERNAL_SECRETS: Workload = Workload {
    name: "external-secrets",
    about: "the External Secrets Operator: reads `secrets` of Secrets Manager and `parameters` of the Parameter Store; \
            at least one of the two is needed",
    parameters: &[
        Parameter::optional(
            "secrets",
            Kind::Texts,
            "names of secrets (`*` is a wildcard, as in `team-a/*`) or their ARNs",
        ),
        Parameter::optional("parameters", Kind::Texts, "names of parameters (`*` is a wildcard) or their ARNs"),
        Parameter::optional(
            "find",
            Kind::Flag,
            "whether it looks for secrets by name or tag (`dataFrom.find`), for which AWS has rights on the whole account only; `false` if left out",
        ),
        Parameter::optional(
            "push",
            Kind::Flag,
            "whether it also writes and deletes the secrets and parameters (`PushSecret`); `false` if left out",
        ),
        KMS_KEYS,
        REGION,
        ACCOUNT,
    ],
    statements,
};

fn statements(arguments: &Arguments<'_>) -> Result<Vec<Statement>, WorkloadError> {
    let place = Place::of(arguments)?;
    let secrets = place.arns(arguments, "secrets", "secretsmanager", secret)?;
    let parameters =
        place.arns(arguments, "parameters", "ssm", |name| format!("parameter/{}", name.trim_start_matches('/')))?;
    if secrets.is_empty() && parameters.is_empty() {
        return Err(wrong("secrets", "is missing, and so is `parameters`: say which of them may be read"));
    }
    let (find, push) = (arguments.flag("find"), arguments.flag("push"));
    let mut statements = Vec::new();
    if !secrets.is_empty() {
        statements.extend(of_secrets(secrets, find, push));
    }
    if !parameters.is_empty() {
        statements.extend(of_parameters(parameters, find, push));
    }
    statements.extend(keys(arguments, &place, push)?);
    Ok(statements)
}

/// An ARN of a secret ends with a hyphen and six characters that nobody chooses.
fn secret(name: &str) -> String {
    if name.ends_with('*') { format!("secret:{name}") } else { format!("secret:{name}-??????") }
}

fn of_secrets(secrets: Vec<String>, find: bool, push: bool) -> Vec<Statement> {
    let read = ["GetResourcePolicy", "GetSecretValue", "DescribeSecret", "ListSecretVersionIds"];
    let mut statements = vec![allow("ReadSecrets", "secretsmanager", &read, secrets.clone())];
    if find {
        statements.push(allow("FindSecrets", "secretsmanager", &["ListSecrets", "BatchGetSecretValue"], anything()));
    }
    if push {
        let write = ["CreateSecret", "PutSecretValue", "TagResource", "UntagResource"];
        let delete = allow("DeleteSecrets", "secretsmanager", &["DeleteSecret"], secrets.clone());
        statements.push(allow("WriteSecrets", "secretsmanager", &write, secrets));
        statements.push(delete.when("StringEquals", "secretsmanager:ResourceTag/managed-by", ["external-secrets"]));
    }
    statements
}

fn of_parameters(parameters: Vec<String>, find: bool, push: bool) -> Vec<Statement> {
    let read = ["GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory", "ListTagsForResource"];
    let mut statements = vec![allow("ReadParameters", "ssm", &read, parameters.clone())];
    if find {
        statements.push(allow("FindParameters", "ssm", &["DescribeParameters"], anything()));
    }
    if push {
        let write = ["PutParameter", "DeleteParameter", "AddTagsToResource", "RemoveTagsFromResource"];
        statements.push(allow("WriteParameters", "ssm", &write, parameters));
    }
    statements
}

fn keys(arguments: &Arguments<'_>, place: &Place<'_>, push: bool) -> Result<Option<Statement>, WorkloadError> {
    let keys = arguments.arns("kms_key_arns", "kms")?;
    if keys.is_empty() {
        return Ok(None);
    }
    let actions: &[&str] = if push { &["Decrypt", "GenerateDataKey", "Encrypt"] } else { &["Decrypt"] };
    let via = ["secretsmanager", "ssm"].map(|service| format!("{service}.*.{}", service_domain(place.partition)));
    Ok(Some(allow("Keys", "kms", actions, keys).when("StringLike", "kms:ViaService", via)))
}
