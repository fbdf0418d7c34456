//! How a registry wants one to log in: the `WWW-Authenticate` header (RFC 9110 §11.6.1).

use reqwest::Response;
use reqwest::header::WWW_AUTHENTICATE;

/// A challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// User and password with each request (RFC 7617).
    Basic {
        /// What the login is for.
        realm: String,
    },
    /// A token from elsewhere (RFC 6750).
    Bearer {
        /// Where tokens are to be had.
        realm: String,
        /// Whom the token is for.
        service: Option<String>,
    },
}

impl Challenge {
    /// Reads a header; `None` if it asks for something else.
    pub fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ')?;
        let realm = parameter(rest, "realm")?;
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => Some(Self::Basic { realm }),
            "bearer" => Some(Self::Bearer { realm, service: parameter(rest, "service") }),
            _ => None,
        }
    }
}

/// The challenge of an answer.
pub(super) fn challenge_of(answer: &Response) -> Option<Challenge> {
    answer.headers().get_all(WWW_AUTHENTICATE).iter().find_map(|value| Challenge::parse(value.to_str().ok()?))
}

/// The value of a parameter, quoted or not.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, next) = quoted.split_once('"')?;
                (value, next.trim_start().trim_start_matches(','))
            }
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_registries_send() {
        assert_eq!(
            Challenge::parse(r#"Basic realm="registry.test""#),
            Some(Challenge::Basic { realm: "registry.test".to_owned() })
        );
        assert_eq!(
            Challenge::parse(r#"Bearer realm="https://auth.test/token?a=b,c",service="registry.test",scope="x""#),
            Some(Challenge::Bearer {
                realm: "https://auth.test/token?a=b,c".to_owned(),
                service: Some("registry.test".to_owned()),
            })
        );
        assert_eq!(Challenge::parse("Negotiate"), None);
        assert_eq!(Challenge::parse("Basic charset=x"), None);
    }
}
