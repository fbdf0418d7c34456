//! The trust policy: which service accounts of which clusters may assume a role.

use serde_json::{Map, Value, json};

use super::arn::{IssuerError, oidc_host};
use super::policy::VERSION;

/// A service account; either part may hold the wildcards `*` and `?`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl ServiceAccount {
    /// The subject of its tokens.
    pub fn subject(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.name)
    }

    fn has_wildcard(&self) -> bool {
        [&self.namespace, &self.name].into_iter().any(|part| part.contains(['*', '?']))
    }
}

/// The service accounts of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The ARN of the cluster's OIDC provider in IAM.
    pub provider_arn: String,
    /// The audience that tokens must be made for.
    pub audience: String,
    /// Who may assume the role.
    pub service_accounts: Vec<ServiceAccount>,
}

/// The minified trust policy, with subject and audience both pinned.
///
/// Exact subjects are compared by `StringEquals`; those with wildcards stand in a statement of their own by
/// `StringLike`, so that a wildcard for one account does not loosen the others.
pub fn trust_policy(trusts: &[Trust]) -> Result<String, IssuerError> {
    let mut statements = Vec::new();
    for trust in trusts {
        let host = oidc_host(&trust.provider_arn)?;
        let (like, equal): (Vec<_>, Vec<_>) = trust.service_accounts.iter().partition(|account| account.has_wildcard());
        for (operator, accounts) in [("StringEquals", equal), ("StringLike", like)] {
            if !accounts.is_empty() {
                statements.push(statement(trust, &host, operator, &accounts));
            }
        }
    }
    Ok(json!({ "Version": VERSION, "Statement": statements }).to_string())
}

fn statement(trust: &Trust, host: &str, operator: &str, accounts: &[&ServiceAccount]) -> Value {
    let mut subjects: Vec<_> = accounts.iter().map(|account| account.subject()).collect();
    subjects.sort();
    subjects.dedup();
    let subjects: Value = match subjects.as_slice() {
        [single] => single.as_str().into(),
        _ => subjects.into(),
    };
    let audience = (format!("{host}:aud"), Value::from(trust.audience.as_str()));
    let subject = (format!("{host}:sub"), subjects);
    let conditions: Map<String, Value> = if operator == "StringEquals" {
        [("StringEquals".to_owned(), Value::Object([audience, subject].into_iter().collect()))].into_iter().collect()
    } else {
        let audience = ("StringEquals".to_owned(), Value::Object([audience].into_iter().collect()));
        [audience, (operator.to_owned(), Value::Object([subject].into_iter().collect()))].into_iter().collect()
    };
    json!({
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
        "Effect": "Allow",
        "Principal": { "Federated": trust.provider_arn },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/A";

    fn account(namespace: &str, name: &str) -> ServiceAccount {
        ServiceAccount { namespace: namespace.into(), name: name.into() }
    }

    fn trust(accounts: &[ServiceAccount]) -> String {
        let trust =
            Trust { provider_arn: ARN.into(), audience: "sts.amazonaws.com".into(), service_accounts: accounts.into() };
        trust_policy(&[trust]).unwrap()
    }

    #[test]
    fn pins_subject_and_audience() {
        let expected = concat!(
            r#"{"Statement":[{"Action":"sts:AssumeRoleWithWebIdentity","#,
            r#""Condition":{"StringEquals":{"oidc.example/id/A:aud":"sts.amazonaws.com","#,
            r#""oidc.example/id/A:sub":"system:serviceaccount:cert-manager:cert-manager"}},"#,
            r#""Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.example/id/A"}}],"#,
            r#""Version":"2012-10-17"}"#
        );
        assert_eq!(trust(&[account("cert-manager", "cert-manager")]), expected);
    }

    #[test]
    fn a_wildcard_does_not_loosen_the_exact_subjects_or_the_audience() {
        let policy = trust(&[account("a", "*"), account("b", "x")]);
        let policy: Value = serde_json::from_str(&policy).unwrap();
        let condition = |index: usize| &policy["Statement"][index]["Condition"];
        assert_eq!(condition(0)["StringEquals"]["oidc.example/id/A:sub"], "system:serviceaccount:b:x");
        assert_eq!(condition(1)["StringLike"]["oidc.example/id/A:sub"], "system:serviceaccount:a:*");
        assert_eq!(condition(1)["StringEquals"]["oidc.example/id/A:aud"], "sts.amazonaws.com");
    }

    #[test]
    fn the_order_of_accounts_does_not_matter() {
        let (a, b) = (account("a", "x"), account("b", "x"));
        assert_eq!(trust(&[a.clone(), b.clone()]), trust(&[b, a]));
    }
}
