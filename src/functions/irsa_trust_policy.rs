//! `irsa_trust_policy(providers, service_accounts, options…)`: who may assume a role, for roles made elsewhere.

use std::collections::BTreeMap;

use serde_json::Map;

use super::policy_value;
use crate::domain::irsa::arn::{account_of, is_account};
use crate::domain::irsa::{self, AUDIENCE, Partition, ServiceAccount, Trust, oidc_host, oidc_provider_arn};
use crate::sdk::{Arguments, Function, FunctionError, Parameter, Signature, Type, Value};

/// The function.
pub struct IrsaTrustPolicy;

/// What the third argument may hold.
const OPTIONS: [&str; 3] = ["account_id", "partition", "audience"];

impl Function for IrsaTrustPolicy {
    fn name(&self) -> &'static str {
        "irsa_trust_policy"
    }

    fn signature(&self) -> Signature {
        let account = BTreeMap::from([("namespace".to_owned(), Type::String), ("name".to_owned(), Type::String)]);
        Signature {
            summary: "The trust policy of a role for service accounts",
            description: "Gives the trust policy with which service accounts of clusters may assume a role, subject and \
                audience both pinned: the same that `berth_irsa_role` gives its roles. Use it for roles that something \
                else makes. Accounts with wildcards stand in a statement of their own, so that they do not loosen the \
                others.",
            parameters: vec![
                Parameter::new(
                    "providers",
                    Type::Dynamic,
                    "The cluster's OIDC provider, or a list of several clusters': ARNs \
                     (`arn:aws:iam::ACCOUNT:oidc-provider/HOST`), or issuers' URLs where the option `account_id` is given.",
                ),
                Parameter::new(
                    "service_accounts",
                    Type::list(Type::Object(account)),
                    "Who may assume the role: objects with `namespace` and `name`, in which `*` and `?` are wildcards.",
                ),
            ],
            variadic: Some(Parameter {
                allow_null: true,
                ..Parameter::new(
                    "options",
                    Type::Dynamic,
                    "An object with any of `account_id` and `partition` (default `aws`), for issuers' URLs, and `audience` \
                     (default `sts.amazonaws.com`).",
                )
            }),
            result: Type::String,
        }
    }

    fn call(&self, arguments: &Arguments<'_>) -> Result<Value, FunctionError> {
        let options = Options::read(arguments.get(2))?;
        let service_accounts = accounts(arguments.get(1))?;
        let providers = texts(arguments.get(0))?;
        let trusts = providers.into_iter().map(|provider| {
            let provider_arn = options.provider_arn(provider)?;
            let (audience, service_accounts) = (options.audience.clone(), service_accounts.clone());
            Ok(Trust { provider_arn, audience, service_accounts })
        });
        let trusts = trusts.collect::<Result<Vec<_>, FunctionError>>()?;
        let document = irsa::trust_policy(&trusts).map_err(|error| FunctionError::at(0, error.to_string()))?;
        Ok(Value::String(document))
    }
}

/// The third argument.
struct Options {
    account: Option<String>,
    partition: Partition,
    audience: String,
}

impl Options {
    fn read(value: &Value) -> Result<Self, FunctionError> {
        let given = policy_value::named(2, value)?;
        if let Some(unknown) = given.keys().find(|name| !OPTIONS.contains(&name.as_str())) {
            let known = OPTIONS.map(|name| format!("`{name}`")).join(", ");
            return Err(FunctionError::at(2, format!("there is no option `{unknown}`; known are {known}")));
        }
        let account = option(&given, "account_id")?;
        if let Some(account) = account.as_ref().filter(|account| !is_account(account)) {
            return Err(FunctionError::at(2, format!("`account_id` must have twelve digits, and is `{account}`")));
        }
        let partition = match option(&given, "partition")? {
            None => Partition::Aws,
            Some(text) => Partition::parse(&text).ok_or_else(|| {
                let problem = format!("`partition` must be `aws`, `aws-cn` or `aws-us-gov`, and is `{text}`");
                FunctionError::at(2, problem)
            })?,
        };
        Ok(Self { account, partition, audience: option(&given, "audience")?.unwrap_or_else(|| AUDIENCE.to_owned()) })
    }

    /// The ARN as it was given, or of the issuer's provider in the account.
    fn provider_arn(&self, provider: &str) -> Result<String, FunctionError> {
        let host = oidc_host(provider).map_err(|error| FunctionError::at(0, error.to_string()))?;
        if provider.starts_with("arn:") {
            if !account_of(provider).is_some_and(is_account) {
                let problem = format!("the account in an ARN has twelve digits, and `{provider}` is no such ARN");
                return Err(FunctionError::at(0, problem));
            }
            return Ok(provider.to_owned());
        }
        let Some(account) = &self.account else {
            let problem = format!(
                "`{provider}` is no ARN; give the ARN of its OIDC provider in IAM, or the account as a third argument: \
                 `{{ account_id = \"123456789012\" }}`"
            );
            return Err(FunctionError::at(0, problem));
        };
        Ok(oidc_provider_arn(self.partition.as_str(), account, &host))
    }
}

fn option(given: &Map<String, serde_json::Value>, name: &str) -> Result<Option<String>, FunctionError> {
    match given.get(name) {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(serde_json::Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(FunctionError::at(2, format!("`{name}` must be a string that is not empty"))),
    }
}

fn texts(value: &Value) -> Result<Vec<&str>, FunctionError> {
    let wrong = || FunctionError::at(0, "must be a string, or a list of at least one string");
    match value.undressed() {
        Value::String(text) => Ok(vec![text]),
        several => {
            let texts = several.elements().filter(|texts| !texts.is_empty()).ok_or_else(wrong)?;
            texts.iter().map(|text| text.undressed().as_str().ok_or_else(wrong)).collect()
        }
    }
}

fn accounts(value: &Value) -> Result<Vec<ServiceAccount>, FunctionError> {
    let given = value.elements().filter(|accounts| !accounts.is_empty());
    let given = given.ok_or_else(|| FunctionError::at(1, "must hold at least one service account"))?;
    let account = |account: &Value| {
        let part = |name: &str| account.member(name).as_str().filter(|part| !part.is_empty()).map(str::to_owned);
        let (Some(namespace), Some(name)) = (part("namespace"), part("name")) else {
            return Err(FunctionError::at(1, "each service account needs a namespace and a name"));
        };
        Ok(ServiceAccount { namespace, name })
    };
    let mut accounts = given.iter().map(account).collect::<Result<Vec<_>, _>>()?;
    accounts.sort();
    Ok(accounts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws-cn:iam::123456789012:oidc-provider/oidc.example/id/A";

    fn call(provider: Value, options: Value) -> Result<String, FunctionError> {
        let account = Value::object([("namespace", Value::from("a")), ("name", Value::from("b"))]);
        let arguments = [provider, Value::List(vec![account]), options];
        IrsaTrustPolicy.call(&Arguments(&arguments)).map(|value| value.as_str().unwrap().to_owned())
    }

    #[test]
    fn an_issuer_with_its_account_is_the_same_as_its_arn() {
        let options = [("account_id", Value::from("123456789012")), ("partition", Value::from("aws-cn"))];
        let by_issuer = call(Value::from("https://oidc.example/id/A"), Value::object(options)).unwrap();
        assert_eq!(by_issuer, call(Value::from(ARN), Value::Null).unwrap());
        assert!(by_issuer.contains("system:serviceaccount:a:b") && by_issuer.contains(AUDIENCE), "{by_issuer}");
    }

    #[test]
    fn several_clusters_may_be_trusted() {
        let two = Value::List(vec![Value::from(ARN), Value::from(ARN.replace("/A", "/B"))]);
        let document = call(two, Value::Null).unwrap();
        assert!(document.contains("oidc.example/id/A:sub") && document.contains("oidc.example/id/B:sub"), "{document}");
    }

    #[test]
    fn each_mistake_blames_its_argument() {
        let option = |name: &str, value: &str| Value::object([(name, Value::from(value))]);
        let cases = [
            (Value::from("https://oidc.example"), Value::Null, 0, "account_id"),
            (Value::from("http://oidc.example"), Value::Null, 0, "https"),
            (Value::from("arn:aws:iam::1:oidc-provider/x.example"), Value::Null, 0, "twelve digits"),
            (Value::from("arn:aws:iam::oidc-provider/x.example"), Value::Null, 0, "twelve digits"),
            (Value::List(vec![]), Value::Null, 0, "at least one"),
            (Value::from(ARN), option("acount", "1"), 2, "`account_id`, `partition`, `audience`"),
            (Value::from(ARN), option("account_id", "1"), 2, "twelve digits"),
            (Value::from(ARN), option("partition", "china"), 2, "`aws-cn`"),
        ];
        for (provider, options, position, words) in cases {
            let error = call(provider, options).unwrap_err();
            assert_eq!(error.argument, Some(position), "{}", error.text);
            assert!(error.text.contains(words), "{}", error.text);
        }
        let nobody = IrsaTrustPolicy.call(&Arguments(&[Value::from(ARN), Value::List(vec![])])).unwrap_err();
        assert_eq!(nobody.argument, Some(1));
    }
}
