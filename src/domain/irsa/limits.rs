//! IAM's limits on names and sizes, known before anything is sent.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.

use super::policy::{Statement, policy_json};

/// Longest role name, in characters.
pub const ROLE_NAME: usize = 64;
/// Longest policy name, in characters.
pub const POLICY_NAME: usize = 128;
/// Most characters of all inline policies of one role together; white space is not counted.
pub const INLINE: usize = 10_240;
/// Most characters of one managed policy; white space is not counted.
pub const MANAGED: usize = 6_144;
/// Most characters of a trust policy, unless AWS raised it for the account (up to [`TRUST_RAISED`]).
pub const TRUST: usize = 2_048;
/// Most characters of a trust policy that AWS raises the limit to.
pub const TRUST_RAISED: usize = 8_192;
/// Most managed policies of one role, unless AWS raised it for the account (up to [`ATTACHMENTS_RAISED`]).
pub const ATTACHMENTS: usize = 10;
/// Most managed policies of one role that AWS raises the limit to.
pub const ATTACHMENTS_RAISED: usize = 25;
/// Longest description of a role, in characters.
pub const DESCRIPTION: usize = 1_000;
/// Session durations, in seconds.
pub const SESSION: std::ops::RangeInclusive<u32> = 3_600..=43_200;
/// How many characters a generated name has after its prefix.
pub const NAME_SUFFIX: usize = 12;

/// Something wrong with one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The attribute's dotted path.
    pub attribute: String,
    /// What is wrong, in a clause.
    pub text: String,
}

impl Problem {
    /// Blames `attribute`.
    pub fn new(attribute: impl Into<String>, text: impl Into<String>) -> Self {
        Self { attribute: attribute.into(), text: text.into() }
    }
}

/// How a document's size stands to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Characters that count.
    pub characters: usize,
    /// Characters that are allowed.
    pub limit: usize,
}

impl Size {
    /// Whether it is more than allowed.
    pub fn exceeds(self) -> bool {
        self.characters > self.limit
    }
}

/// The characters of a policy that count against the limits: all but white space.
pub fn size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// What is wrong with a role's name, in words that complete "The name …".
pub fn check_role_name(name: &str) -> Result<(), String> {
    check_name(name, ROLE_NAME)
}

/// What is wrong with the beginning of a role's name, in words that complete "The prefix …".
pub fn check_name_prefix(prefix: &str) -> Result<(), String> {
    check_name(prefix, ROLE_NAME - NAME_SUFFIX)
}

/// What is wrong with a role's description, in words that complete "The description …". IAM takes the characters up to
/// U+00FF: no typographical quotes or dashes
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>).
pub fn check_description(description: &str) -> Result<(), String> {
    let length = description.chars().count();
    if length > DESCRIPTION {
        return Err(format!("must have at most {DESCRIPTION} characters, and has {length}"));
    }
    let allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    match description.chars().find(|c| !allowed(c)) {
        Some(bad) => Err(format!("may hold the characters of Latin-1 (up to U+00FF), and holds `{bad}`")),
        None => Ok(()),
    }
}

fn check_name(name: &str, most: usize) -> Result<(), String> {
    let length = name.chars().count();
    if !(1..=most).contains(&length) {
        return Err(format!("must have 1 to {most} characters, and has {length}"));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    match name.chars().find(|c| !allowed(*c)) {
        Some(bad) => Err(format!("may hold letters, digits and `+=,.@_-`, and holds `{bad}`")),
        None => Ok(()),
    }
}

/// What is wrong with a role's or policy's path, in words that complete "The path …".
pub fn check_path(path: &str) -> Result<(), String> {
    // IAM's `pathType`: `/`, or at least one character between two slashes.
    let fenced = path.starts_with('/') && path.ends_with('/') && path.len() != 2;
    if !fenced || path.len() > 512 || !path.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err(format!("must begin and end with `/` and have at most 512 visible characters, and is `{path}`"));
    }
    Ok(())
}

/// What is wrong with a path that managed policies are to lie under, in words that complete "it …" (IAM's `policyPathType`).
pub fn check_policy_path(path: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/.,+@=_-".contains(c);
    match path.chars().find(|c| !allowed(*c)) {
        Some(bad) => Err(format!("may hold letters, digits and `.,+@=_-` between slashes, and holds `{bad}`")),
        None if path.contains("//") => Err("may not have two slashes in a row".to_owned()),
        None => Ok(()),
    }
}

/// Divides statements over as few documents as keep each within `limit` characters, in order.
///
/// # Errors
/// The index and size of a statement that is too large even alone.
pub fn split(statements: &[Statement], limit: usize) -> Result<Vec<Vec<Statement>>, (usize, Size)> {
    let mut documents: Vec<Vec<Statement>> = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let alone = Size { characters: size(&policy_json(std::slice::from_ref(statement))), limit };
        if alone.exceeds() {
            return Err((index, alone));
        }
        let fits = |document: &Vec<Statement>| {
            let mut longer = document.clone();
            longer.push(statement.clone());
            size(&policy_json(&longer)) <= limit
        };
        match documents.last_mut().filter(|document| fits(document)) {
            Some(document) => document.push(statement.clone()),
            None => documents.push(vec![statement.clone()]),
        }
    }
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(actions: usize) -> Statement {
        let actions = (0..actions).map(|number| format!("s3:Action{number:05}")).collect();
        Statement { actions, resources: vec!["*".into()], ..Statement::default() }
    }

    #[test]
    fn white_space_does_not_count() {
        assert_eq!(size("{ \"a\" :\n\t1 }"), 7);
        assert_eq!(size("é"), 1);
    }

    #[test]
    fn a_role_name_has_at_most_64_characters() {
        assert_eq!(check_role_name(&"a".repeat(64)), Ok(()));
        assert_eq!(check_role_name(&"a".repeat(65)), Err("must have 1 to 64 characters, and has 65".to_owned()));
        assert!(check_role_name("a b").unwrap_err().contains("holds ` `"));
        assert!(check_role_name("").is_err());
        assert_eq!(check_role_name("a+=,.@_-Z9"), Ok(()));
    }

    #[test]
    fn a_prefix_leaves_room_for_what_makes_the_name_unique() {
        assert_eq!(check_name_prefix(&"a".repeat(52)), Ok(()));
        assert_eq!(check_name_prefix(&"a".repeat(53)), Err("must have 1 to 52 characters, and has 53".to_owned()));
    }

    #[test]
    fn a_description_holds_no_typographical_signs() {
        assert_eq!(check_description("Reads caf\u{e9} menus,\n\tand \"more\""), Ok(()));
        assert!(check_description("a \u{2013} b").unwrap_err().contains("holds `\u{2013}`"));
        assert!(check_description("a \u{7f}").is_err() && check_description(&"a".repeat(1001)).is_err());
    }

    #[test]
    fn a_path_is_fenced_by_slashes() {
        assert_eq!(check_path("/"), Ok(()));
        assert_eq!(check_path("/a/b/"), Ok(()));
        assert!(check_path("a/").is_err() && check_path("/a").is_err() && check_path("/a b/").is_err());
        assert!(check_path("//").is_err() && check_path("///").is_ok());
        assert!(check_policy_path("/").is_ok() && check_policy_path("/a.b/c,d/").is_ok());
        assert!(check_policy_path("/a!/").is_err() && check_policy_path("//a/").is_err());
    }

    #[test]
    fn splits_statements_over_as_few_documents_as_fit() {
        let statements = vec![statement(100); 7];
        let documents = split(&statements, MANAGED).unwrap();
        assert!(documents.len() > 1);
        assert_eq!(documents.concat(), statements);
        assert!(documents.iter().all(|document| size(&policy_json(document)) <= MANAGED));
    }

    #[test]
    fn names_the_statement_that_is_too_large_alone() {
        let (index, size) = split(&[statement(1), statement(600)], MANAGED).unwrap_err();
        assert_eq!(index, 1);
        assert!(size.exceeds());
    }
}
