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
    /// A query, fragment, port or user: none may stand in an issuer that IAM takes.
    #[error("`{0}` holds `{1}`, which may not stand in an issuer")]
    BadCharacter(String, char),
}

/// The issuer's host and path, as it stands in condition keys (`oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE`),
/// from its URL, its bare host, or the ARN of its provider in IAM.
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
            None => text,
        }
    };
    let rest = rest.trim_end_matches('/');
    if rest.is_empty() || rest.starts_with('/') {
        return Err(IssuerError::Empty(text.to_owned()));
    }
    if let Some(bad) = rest.chars().find(|c| matches!(c, '?' | '#' | '@' | '*' | ':') || c.is_whitespace()) {
        return Err(IssuerError::BadCharacter(text.to_owned(), bad));
    }
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.to_ascii_lowercase();
    Ok(if path.is_empty() { host } else { format!("{host}/{path}") })
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
            "HTTPS://OIDC.eks.eu-west-1.amazonaws.com/id/ABCdef/",
            "oidc.eks.eu-west-1.amazonaws.com/id/ABCdef",
            "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABCdef",
        ];
        for case in cases {
            assert_eq!(oidc_host(case).as_deref(), Ok(host), "{case}");
        }
        assert_eq!(oidc_host("https://Issuer.example/").as_deref(), Ok("issuer.example"));
    }

    #[test]
    fn refuses_what_names_no_issuer() {
        let bad =
            ["", "https://", "http://a.example", "arn:aws:iam::1:role/x", "https://a?b", "a b", "https://a:8443/x"];
        for text in bad {
            assert!(oidc_host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn arns_of_each_partition() {
        assert_eq!(oidc_provider_arn("aws-cn", "1", "h/p"), "arn:aws-cn:iam::1:oidc-provider/h/p");
        assert_eq!(role_arn("aws", "1", "/a/", "r"), "arn:aws:iam::1:role/a/r");
        assert_eq!(name_of("arn:aws:iam::1:role/a/r"), "r");
        assert_eq!(Partition::of_arn("arn:aws-us-gov:iam::1:role/r"), Some(Partition::UsGov));
        assert_eq!(Partition::of_arn("role/r"), None);
        assert_eq!(Partition::of_region("cn-north-1"), Partition::China);
        assert_eq!(Partition::of_region("us-gov-west-1"), Partition::UsGov);
        assert_eq!(Partition::of_region("us-east-1"), Partition::Aws);
    }
}
