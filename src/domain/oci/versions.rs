//! Tags that are versions: their order, and which of them a constraint allows.

use std::fmt;
use std::str::FromStr;

use semver::Version;

/// The version that a tag names: `1.2.3`, `v1.2.3-rc.1`, `1.2`, `3`. A `_` stands for `+`, which no tag can have (Helm).
pub fn version_of(tag: &str) -> Option<Version> {
    let text = tag.strip_prefix('v').unwrap_or(tag).replace('_', "+");
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at_checked(end)?;
    let parts: Vec<&str> = core.split('.').collect();
    let filled = match parts.len() {
        1 => format!("{core}.0.0{rest}"),
        2 => format!("{core}.0{rest}"),
        _ => text.clone(),
    };
    Version::parse(&filled).ok()
}

/// Whether a tag is a single number that is too long to be a version among others: a date, or a commit of digits alone.
pub fn is_long_number(tag: &str) -> bool {
    tag.len() > 4 && tag.bytes().all(|octet| octet.is_ascii_digit())
}

/// A constraint in Terraform's own words: `~> 1.2`, `>= 1.0, < 2.0, != 1.5.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    operator: &'static str,
    version: Version,
    /// How many of its three numbers were written.
    written: usize,
}

/// A text that is no constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoConstraint(pub String);

impl fmt::Display for NoConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no constraint: write it as for a module, such as `~> 1.2` or `>= 1.0, < 2.0`", self.0)
    }
}

/// Longer ones first: `>=` begins with `>`.
const OPERATORS: [&str; 7] = ["~>", ">=", "<=", "!=", "=", ">", "<"];

impl FromStr for Constraint {
    type Err = NoConstraint;

    fn from_str(text: &str) -> Result<Self, NoConstraint> {
        let terms: Option<Vec<Term>> = text.split(',').map(term).collect();
        terms.map(Self).ok_or_else(|| NoConstraint(text.to_owned()))
    }
}

fn term(text: &str) -> Option<Term> {
    let text = text.trim();
    let behind = |operator: &'static str| text.strip_prefix(operator).map(|number| (operator, number));
    let (operator, number) = OPERATORS.into_iter().find_map(behind).unwrap_or(("=", text));
    let number = number.trim();
    let core = number.split(['-', '+']).next()?;
    let version = version_of(number)?;
    Some(Term { operator, version, written: core.split('.').count() })
}

impl Constraint {
    /// Whether a version is allowed. One before a release is, only if the constraint names it exactly.
    pub fn allows(&self, version: &Version) -> bool {
        let exact = |term: &Term| term.operator == "=" && version.cmp_precedence(&term.version).is_eq();
        (version.pre.is_empty() || self.0.iter().any(exact)) && self.0.iter().all(|term| term.allows(version))
    }
}

impl Term {
    fn allows(&self, version: &Version) -> bool {
        // What was built of a version is no other version (Semantic Versioning 2.0.0, 10).
        let order = version.cmp_precedence(&self.version);
        match self.operator {
            ">" => order.is_gt(),
            ">=" => order.is_ge(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            "!=" => order.is_ne(),
            "~>" => order.is_ge() && self.has_same_start(version),
            _ => order.is_eq(),
        }
    }

    /// All numbers that were written but the last.
    fn has_same_start(&self, version: &Version) -> bool {
        let same_major = version.major == self.version.major;
        match self.written {
            0 | 1 => true,
            2 => same_major,
            _ => same_major && version.minor == self.version.minor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_are_versions_are_told_from_others() {
        let read = |tag: &str| version_of(tag).map(|version| version.to_string());
        assert_eq!(read("v1.2.3-rc.1").unwrap(), "1.2.3-rc.1");
        assert_eq!(read("1.2").unwrap(), "1.2.0");
        assert_eq!(read("3-alpine").unwrap(), "3.0.0-alpine");
        assert_eq!(read("1.2.3_build.5").unwrap(), "1.2.3+build.5");
        for other in ["latest", "", "1.2.3.4", "main-01ab", "v", "01.2"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn constraints_mean_what_they_mean_to_terraform() {
        let allows = |constraint: &str, version: &str| {
            constraint.parse::<Constraint>().unwrap().allows(&Version::parse(version).unwrap())
        };
        for (constraint, version, expected) in [
            ("~> 1.2", "1.9.0", true),
            ("~> 1.2", "2.0.0", false),
            ("~> 1.2", "1.1.9", false),
            ("~> 1.2.3", "1.2.9", true),
            ("~> 1.2.3", "1.3.0", false),
            (">= 1.0, < 2.0, != 1.5.0", "1.5.0", false),
            (">= 1.0, < 2.0, != 1.5.0", "1.5.1", true),
            ("1.2.3", "1.2.3", true),
            ("= 1.2.3", "1.2.4", false),
            (">= 1.0", "2.0.0-rc.1", false),
            ("2.0.0-rc.1", "2.0.0-rc.1", true),
            ("~> 1", "7.0.0", true),
            ("1.2.3", "1.2.3+build.5", true),
            ("> 1.2.3", "1.2.3+build.5", false),
            ("!= 1.2.3", "1.2.3+build.5", false),
        ] {
            assert_eq!(allows(constraint, version), expected, "{constraint} {version}");
        }
        for wrong in ["", "~>", "latest", "1.0,", ">>1.0", "==1.0", "~> ~> 1.0"] {
            assert!(wrong.parse::<Constraint>().is_err(), "{wrong}");
        }
    }
}
