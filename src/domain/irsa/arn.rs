//! Names of AWS objects, and the host of an OIDC issuer.

/// A separate AWS, with its own ARNs and end points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Partition {
    /// The commercial regions.
    Aws,
    /// The regions in China.
    China,
    /// `GovCloud` (US).
    UsGov,
}

impl Partition {
    /// As it stands in an ARN: `aws`, `aws-cn` or `aws-us-gov`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::China => "aws-cn",
            Self::UsGov => "aws-us-gov",
        }
    }

    /// Reads what [`Self::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Aws, Self::China, Self::UsGov].into_iter().find(|known| known.as_str() == text)
    }

    /// The partition that an ARN lies in; none for a text that is no ARN of these.
    pub fn of_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.split(':');
        let (Some("arn"), Some(partition)) = (parts.next(), parts.next()) else { return None };
        Self::parse(partition)
    }

    /// The partition that a region lies in.
    pub fn of_region(region: &str) -> Self {
        match region.split('-').next() {
            Some("cn") => Self::China,
            Some("us") if region.starts_with("us-gov-") => Self::UsGov,
            _ => Self::Aws,
        }
    }
}

impl std::fmt::Display for Partition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text names no OIDC issuer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// There is nothing after the scheme or the ARN's prefix.
    #[error("`{0}` names no issuer")]
    Empty(String),
    /// An ARN of something else.
    #[error("`{0}` is no ARN of an OIDC provider (`arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH`)")]
    OtherArn(String),
    /// IAM takes `https` issuers only.
    #[error("`{0}` is no `https` URL; IAM takes no other issuer")]
    NotHttps(String),
    /// A query, fragment or user: none may stand in an issuer that IAM takes
    /// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html>).
    #[error("`{0}` holds `{1}`, which may not stand in an issuer")]
    BadCharacter(String, char),
}

/// The issuer's host and path, as it stands in condition keys (`oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE`),
/// from its URL, its bare host, or the ARN of its provider in IAM. Case and a slash at the end belong to the name: `iss` claims are
/// compared exactly (`OpenID` Connect Core §3.1.3.7), and IAM keeps two providers apart that differ by it.
pub fn oidc_host(url_or_arn: &str) -> Result<String, IssuerError> {
    let text = url_or_arn.trim();
    let rest = if text.starts_with("arn:") {
        let other = || IssuerError::OtherArn(text.to_owned());
        let (service, rest) = text.split_once(":oidc-provider/").ok_or_else(other)?;
        Some(rest).filter(|_| service.split(':').nth(2) == Some("iam")).ok_or_else(other)?
    } else {
        match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => rest,
            Some(_) => return Err(IssuerError::NotHttps(text.to_owned())),
            // A word is no host that AWS could reach.
            None if !text.split('/').next().is_some_and(|host| host.contains('.')) => {
                return Err(IssuerError::Empty(text.to_owned()));
            }
            None => text,
        }
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if host.is_empty() {
        return Err(IssuerError::Empty(text.to_owned()));
    }
    let bad = host.chars().find(|c| matches!(c, '@' | '*'));
    if let Some(bad) = bad.or_else(|| rest.chars().find(|c| matches!(c, '?' | '#') || c.is_whitespace())) {
        return Err(IssuerError::BadCharacter(text.to_owned(), bad));
    }
    if rest.contains("://") {
        return Err(IssuerError::BadCharacter(text.to_owned(), ':'));
    }
    Ok(format!("{host}{path}"))
}

/// Whether an issuer's host names a port, which IAM says it should not.
pub fn has_port(issuer_host: &str) -> bool {
    issuer_host.split('/').next().is_some_and(|host| host.contains(':'))
}

/// Whether a text is an account's number.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// The account that an ARN names.
pub fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|_| arn.starts_with("arn:"))
}

/// The ARN of the OIDC provider that IAM keeps for this issuer in an account.
pub fn oidc_provider_arn(partition: &str, account: &str, issuer_host: &str) -> String {
    format!("arn:{partition}:iam::{account}:oidc-provider/{issuer_host}")
}

/// The ARN of a role; `path` begins and ends with a slash.
pub fn role_arn(partition: &str, account: &str, path: &str, name: &str) -> String {
    format!("arn:{partition}:iam::{account}:role{path}{name}")
}

/// The ARN of a managed policy of an account; `path` begins and ends with a slash.
pub fn policy_arn(partition: &str, account: &str, path: &str, name: &str) -> String {
    format!("arn:{partition}:iam::{account}:policy{path}{name}")
}

/// The last part of an ARN's path: a role's or policy's name.
pub fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuers_host_from_its_url_its_host_or_its_arn() {
        let host = "oidc.eks.eu-west-1.amazonaws.com/id/ABCdef";
        let cases = [
            "https://oidc.eks.eu-west-1.amazonaws.com/id/ABCdef",
            "HTTPS://oidc.eks.eu-west-1.amazonaws.com/id/ABCdef",
            "oidc.eks.eu-west-1.amazonaws.com/id/ABCdef",
            "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABCdef",
        ];
        for case in cases {
            assert_eq!(oidc_host(case).as_deref(), Ok(host), "{case}");
        }
    }

    #[test]
    fn a_slash_at_the_end_belongs_to_the_name_wherever_it_stands() {
        for (with, without) in [
            ("https://Issuer.example/", "https://Issuer.example"),
            ("issuer.example/tenant/", "issuer.example/tenant"),
            (
                "arn:aws:iam::123456789012:oidc-provider/issuer.example/",
                "arn:aws:iam::123456789012:oidc-provider/issuer.example",
            ),
        ] {
            let (with, without) = (oidc_host(with).unwrap(), oidc_host(without).unwrap());
            assert_eq!(with, format!("{without}/"));
            let arn = oidc_provider_arn("aws", "123456789012", &with);
            assert_eq!(oidc_host(&arn), Ok(with), "what is written is read");
        }
    }

    #[test]
    fn a_port_is_read_and_told() {
        let host = oidc_host("https://Issuer.example:8443/x:y@z*").unwrap();
        assert_eq!(host, "Issuer.example:8443/x:y@z*");
        assert!(has_port(&host) && !has_port("issuer.example/x:y"));
    }

    #[test]
    fn refuses_what_names_no_issuer() {
        let bad = [
            "",
            "foo",
            "https://",
            "https:///x",
            "http://a.example",
            "arn:aws:iam::1:role/x",
            "https://a?b",
            "a b",
            "a.example/a b",
            "https://a.example/#x",
            "https://me@a.example",
            "https://*.example",
        ];
        for text in bad {
            assert!(oidc_host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn arns_of_each_partition() {
        assert_eq!(oidc_provider_arn("aws-cn", "1", "h/p"), "arn:aws-cn:iam::1:oidc-provider/h/p");
        assert_eq!(role_arn("aws", "1", "/a/", "r"), "arn:aws:iam::1:role/a/r");
        assert_eq!(name_of("arn:aws:iam::1:role/a/r"), "r");
        assert_eq!(account_of("arn:aws:iam::123456789012:role/a/r"), Some("123456789012"));
        assert!(is_account("123456789012") && !is_account("1") && !is_account("12345678901x"));
        assert_eq!(Partition::of_arn("arn:aws-us-gov:iam::1:role/r"), Some(Partition::UsGov));
        assert_eq!(Partition::of_arn("role/r"), None);
        assert_eq!(Partition::of_region("cn-north-1"), Partition::China);
        assert_eq!(Partition::of_region("us-gov-west-1"), Partition::UsGov);
        assert_eq!(Partition::of_region("us-east-1"), Partition::Aws);
    }
}
