//! The trust policy: which service accounts of which clusters may assume a role.

use serde_json::{Map, Value, json};

use super::arn::{IssuerError, oidc_host};
use super::document::same_policy;
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

    /// Whether it stands for several accounts.
    pub fn has_wildcard(&self) -> bool {
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

/// The trusts that give this trust policy; none if it says anything that they cannot say.
pub fn parse_trust_policy(document: &str) -> Option<Vec<Trust>> {
    let parsed: Value = serde_json::from_str(document).ok()?;
    let statements = match parsed.get("Statement")? {
        Value::Array(statements) => statements.iter().collect(),
        single => vec![single],
    };
    let mut trusts: Vec<Trust> = Vec::new();
    for statement in statements {
        let trust = parse_statement(statement)?;
        match trusts.iter_mut().find(|t| t.provider_arn == trust.provider_arn && t.audience == trust.audience) {
            Some(known) => known.service_accounts.extend(trust.service_accounts),
            None => trusts.push(trust),
        }
    }
    let same = trust_policy(&trusts).is_ok_and(|written| same_policy(&written, document));
    same.then_some(trusts)
}

/// Trusts in the same accounts and audience of several clusters, as one: the clusters' providers, and what they share.
/// None if they differ, or there are none.
pub fn alike(trusts: &[Trust]) -> Option<(Vec<String>, String, Vec<ServiceAccount>)> {
    let accounts_of = |trust: &Trust| {
        let mut accounts = trust.service_accounts.clone();
        accounts.sort();
        accounts
    };
    let first = trusts.first()?;
    let accounts = accounts_of(first);
    let same = trusts.iter().all(|trust| trust.audience == first.audience && accounts_of(trust) == accounts);
    let arns = trusts.iter().map(|trust| trust.provider_arn.clone()).collect();
    same.then(|| (arns, first.audience.clone(), accounts))
}

fn parse_statement(statement: &Value) -> Option<Trust> {
    let [provider_arn] = texts(statement.get("Principal")?.get("Federated")?).try_into().ok()?;
    let host = oidc_host(&provider_arn).ok()?;
    let conditions = statement.get("Condition")?.as_object()?;
    let named = |name: String| conditions.values().find_map(|keys| keys.get(&name)).map(texts);
    let audience = named(format!("{host}:aud"))?.into_iter().next()?;
    let accounts = named(format!("{host}:sub"))?.into_iter().map(|subject| {
        let (namespace, name) = subject.strip_prefix("system:serviceaccount:")?.split_once(':')?;
        Some(ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() })
    });
    Some(Trust { provider_arn, audience, service_accounts: accounts.collect::<Option<_>>()? })
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        single => single.as_str().map(str::to_owned).into_iter().collect(),
    }
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
    fn a_provider_in_a_list_of_one_is_read_as_it_is_alone() {
        let alone = trust(&[account("a", "x")]);
        let listed = alone.replace(&format!("\"{ARN}\""), &format!("[\"{ARN}\"]"));
        assert_ne!(alone, listed);
        assert_eq!(parse_trust_policy(&listed), parse_trust_policy(&alone));
        assert!(parse_trust_policy(&listed).is_some());
        let two = listed.replace(&format!("[\"{ARN}\"]"), &format!("[\"{ARN}\",\"b\"]"));
        assert_eq!(parse_trust_policy(&two), None);
    }

    #[test]
    fn the_order_of_accounts_does_not_matter() {
        let (a, b) = (account("a", "x"), account("b", "x"));
        assert_eq!(trust(&[a.clone(), b.clone()]), trust(&[b, a]));
    }

    #[test]
    fn several_clusters_are_told_apart_by_their_issuers() {
        let of = |arn: &str, name: &str| Trust {
            provider_arn: arn.into(),
            audience: "sts.amazonaws.com".into(),
            service_accounts: vec![account("a", "*"), account("a", name)],
        };
        let other = "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/B";
        let both = [of(ARN, "x"), of(other, "x")];
        let policy = trust_policy(&both).unwrap();
        let parsed: Value = serde_json::from_str(&policy).unwrap();
        for statement in parsed["Statement"].as_array().unwrap() {
            let host = oidc_host(statement["Principal"]["Federated"].as_str().unwrap()).unwrap();
            let conditions = statement["Condition"].to_string();
            assert_eq!(statement["Condition"]["StringEquals"][format!("{host}:aud")], "sts.amazonaws.com");
            assert!(conditions.contains(&format!("{host}:sub")), "{conditions}");
            assert_eq!(conditions.matches(&format!("{host}:")).count(), 2, "only its own issuer's: {conditions}");
        }
        let parsed = parse_trust_policy(&policy).unwrap();
        let (arns, audience, accounts) = alike(&parsed).unwrap();
        assert_eq!((arns, audience.as_str()), (vec![ARN.to_owned(), other.to_owned()], "sts.amazonaws.com"));
        assert_eq!(accounts, [account("a", "*"), account("a", "x")]);
        assert_eq!(alike(&[of(ARN, "x"), of(other, "y")]), None);
        assert_eq!(alike(&[]), None);
    }

    #[test]
    fn documents_of_other_hands_are_read_only_if_nothing_of_them_is_lost() {
        let statement = |more: &str| {
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"","Effect":"Allow","Action":["sts:AssumeRoleWithWebIdentity"],
                "Principal":{{"Federated":["{ARN}"]}},"Condition":{{{more}}}}}]}}"#
            )
            .replace(&format!("[\"{ARN}\"]"), &format!("\"{ARN}\""))
        };
        let aud = r#""oidc.example/id/A:aud":"sts.amazonaws.com""#;
        let sub = r#""oidc.example/id/A:sub":"system:serviceaccount:a:x""#;
        let cases = [
            (
                "both pinned, in lists",
                format!(r#""StringEquals":{{"oidc.example/id/A:aud":["sts.amazonaws.com"],{sub}}}"#),
                true,
            ),
            (
                "nothing but wildcards",
                format!(
                    r#""StringEquals":{{{aud}}},"StringLike":{{"oidc.example/id/A:sub":"system:serviceaccount:a:*"}}"#
                ),
                true,
            ),
            (
                "a subject by StringLike that has no wildcard",
                format!(r#""StringEquals":{{{aud}}},"StringLike":{{{sub}}}"#),
                false,
            ),
            ("no audience", format!(r#""StringEquals":{{{sub}}}"#), false),
            ("no subject", format!(r#""StringEquals":{{{aud}}}"#), false),
            (
                "a subject that is no service account",
                format!(r#""StringEquals":{{{aud},"oidc.example/id/A:sub":"me"}}"#),
                false,
            ),
            ("another condition", format!(r#""StringEquals":{{{aud},{sub},"aws:SourceIp":"192.0.2.1"}}"#), false),
            (
                "another issuer's subject",
                format!(r#""StringEquals":{{{aud},"oidc.example/id/B:sub":"system:serviceaccount:a:x"}}"#),
                false,
            ),
            ("two audiences", format!(r#""StringEquals":{{"oidc.example/id/A:aud":["a","b"],{sub}}}"#), false),
        ];
        for (case, conditions, readable) in cases {
            assert_eq!(parse_trust_policy(&statement(&conditions)).is_some(), readable, "{case}");
        }
    }

    #[test]
    fn reads_back_what_it_wrote_and_nothing_else() {
        let accounts = vec![account("a", "x"), account("b", "*")];
        let trust =
            Trust { provider_arn: ARN.into(), audience: "sts.amazonaws.com".into(), service_accounts: accounts };
        let written = trust_policy(std::slice::from_ref(&trust)).unwrap();
        assert_eq!(parse_trust_policy(&written), Some(vec![trust]));
        assert_eq!(parse_trust_policy(&written.replace("StringLike", "StringNotLike")), None);
        assert_eq!(parse_trust_policy(r#"{"Statement":{"Principal":{"Service":"ec2.amazonaws.com"}}}"#), None);
        assert_eq!(parse_trust_policy("not json"), None);
    }
}
