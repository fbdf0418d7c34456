//! The CA's own words: problem documents (RFC 7807, RFC 8555 §6.7) and what stands around them in an answer.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;

use super::lenient::or_absent;

/// What every ACME error type begins with (RFC 8555 §6.7).
const PREFIX: &str = "urn:ietf:params:acme:error:";

/// A problem document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// The type, a URN or URL; see [`Problem::kind`].
    #[serde(rename = "type", deserialize_with = "or_absent")]
    pub urn: String,
    /// The CA's explanation for people.
    #[serde(deserialize_with = "or_absent")]
    pub detail: String,
    /// The HTTP status that the document repeats.
    #[serde(deserialize_with = "or_absent")]
    pub status: Option<u16>,
    /// What is wrong with single identifiers (RFC 8555 §6.7.1).
    #[serde(deserialize_with = "or_absent")]
    pub subproblems: Vec<Subproblem>,
}

/// What is wrong with one identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Subproblem {
    /// The type, a URN.
    #[serde(rename = "type", deserialize_with = "or_absent")]
    pub urn: String,
    /// The CA's explanation for people.
    #[serde(deserialize_with = "or_absent")]
    pub detail: String,
    /// The name concerned.
    #[serde(deserialize_with = "or_absent")]
    pub identifier: Option<NamedIdentifier>,
}

/// An identifier as it stands in a problem document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NamedIdentifier {
    /// `dns` or `ip`.
    #[serde(rename = "type", deserialize_with = "or_absent")]
    pub kind: String,
    /// The name or address.
    #[serde(deserialize_with = "or_absent")]
    pub value: String,
}

impl Problem {
    /// The type without its prefix, as RFC 8555 §6.7 lists it: `rateLimited`, `badNonce`.
    pub fn kind(&self) -> &str {
        short(&self.urn)
    }

    /// Reads a body; `None` when it is no problem document.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let problem: Self = serde_json::from_slice(body).ok()?;
        (!problem.urn.is_empty() || !problem.detail.is_empty()).then_some(problem)
    }

    /// The identifiers that the subproblems name, with the reason for each.
    pub fn identifiers(&self) -> impl Iterator<Item = (&str, &Subproblem)> {
        self.subproblems.iter().filter_map(|sub| Some((sub.identifier.as_ref()?.value.as_str(), sub)))
    }

    /// Whether the problem, or one of its parts, is of this kind.
    pub fn is(&self, kind: &str) -> bool {
        self.kind() == kind || self.subproblems.iter().any(|sub| short(&sub.urn) == kind)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.detail, self.kind())?;
        for sub in &self.subproblems {
            let name = sub.identifier.as_ref().map_or("", |identifier| identifier.value.as_str());
            write!(f, "; {name}: {} ({})", sub.detail, short(&sub.urn))?;
        }
        Ok(())
    }
}

fn short(urn: &str) -> &str {
    urn.strip_prefix(PREFIX).unwrap_or(urn)
}

/// An answer by which the CA refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The URL that was asked.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// The problem document; a body that is none becomes its `detail`.
    pub problem: Problem,
    /// When the CA wants to be asked again (Retry-After).
    pub retry_at: Option<Timestamp>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problem.urn.is_empty() {
            return write!(f, "HTTP {}: {}", self.status, self.problem.detail);
        }
        write!(f, "{}", self.problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_problem_with_its_parts() {
        let body = br#"{"type":"urn:ietf:params:acme:error:malformed","detail":"Some names were rejected","status":400,
            "subproblems":[{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"policy forbids",
            "identifier":{"type":"dns","value":"bad.example"}}]}"#;
        let problem = Problem::parse(body).unwrap();
        assert_eq!(problem.kind(), "malformed");
        assert!(problem.is("rejectedIdentifier"));
        let named: Vec<_> = problem.identifiers().map(|(name, _)| name).collect();
        assert_eq!(named, ["bad.example"]);
        assert_eq!(
            problem.to_string(),
            "Some names were rejected (malformed); bad.example: policy forbids (rejectedIdentifier)"
        );
    }

    #[test]
    fn what_is_null_in_a_problem_is_absent_and_its_kind_is_known_all_the_same() {
        let body = br#"{"type":"urn:ietf:params:acme:error:badNonce","detail":null,"status":"400","subproblems":null}"#;
        assert_eq!(Problem::parse(body).unwrap().kind(), "badNonce");
        let body =
            br#"{"type":null,"title":"x","detail":"no","subproblems":[{"type":"a","detail":null,"identifier":null}]}"#;
        let problem = Problem::parse(body).unwrap();
        assert_eq!((problem.detail.as_str(), problem.subproblems.len()), ("no", 1));
    }

    #[test]
    fn an_error_page_is_no_problem_document() {
        for body in [&b"<html>Bad Gateway</html>"[..], b"", b"{}", b"[]", b"\xff\xfe"] {
            assert_eq!(Problem::parse(body), None);
        }
    }
}
