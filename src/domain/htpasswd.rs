//! Password files of registries: one `user:hash` a line, bcrypt only.
//!
//! Distribution reads bcrypt entries and ignores all others without a word
//! (`registry/auth/htpasswd/htpasswd.go`); nothing else is written here.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bcrypt::Version;

use crate::secret::Secret;

/// The longest password that bcrypt hashes, in bytes; what follows would not count.
pub const PASSWORD_LIMIT: usize = 72;

/// The work factor of new hashes: each login costs about 50 ms, at 2^10 rounds.
pub const COST: u32 = 10;

/// The lowest cost that a registry takes (`golang.org/x/crypto/bcrypt`, `MinCost`).
const LEAST_COST: u32 = 4;

/// From this cost on each request of a client takes half a second of a processor and more: distribution checks the
/// password each time.
const SLOW_COST: u32 = 13;

/// Why a password or a password file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The password has more bytes than bcrypt hashes.
    #[error("the password has {length} bytes; bcrypt hashes at most {PASSWORD_LIMIT}, so the rest would not count")]
    PasswordTooLong {
        /// How many bytes it has.
        length: usize,
    },
    /// The password is empty or holds a zero byte.
    #[error("the password is empty or holds a zero byte")]
    PasswordUnusable,
    /// No password is given, and there is no hash of before.
    #[error("there is no password of user {user:?}")]
    NoPassword {
        /// The name.
        user: String,
    },
    /// The user's name cannot stand in a password file or a login.
    #[error("the user name {user:?} is empty or holds a colon, white space or a control character")]
    User {
        /// The name.
        user: String,
    },
    /// A line of the file is no `user:hash`.
    #[error("line {line} is not of the form user:hash")]
    Line {
        /// The line's number, from 1.
        line: usize,
    },
    /// A line holds a hash of another kind than bcrypt.
    #[error("line {line}: the hash of user {user:?} is not bcrypt ($2y$, $2a$ or $2b$); the registry would ignore it")]
    NotBcrypt {
        /// The line's number, from 1.
        line: usize,
        /// Whose hash it is.
        user: String,
    },
    /// A line holds a hash with fewer rounds than bcrypt has.
    #[error(
        "line {line}: the hash of user {user:?} has the cost {cost}; a registry takes none below {LEAST_COST}, so nobody could log in"
    )]
    Cost {
        /// The line's number, from 1.
        line: usize,
        /// Whose hash it is.
        user: String,
        /// The cost.
        cost: u32,
    },
    /// A user occurs twice.
    #[error("line {line}: user {user:?} occurs for the second time")]
    Twice {
        /// The line's number, from 1.
        line: usize,
        /// The name.
        user: String,
    },
    /// The hash could not be computed.
    #[error("the password cannot be hashed")]
    Hash,
}

/// The users of a registry with the hashes of their passwords, ordered by name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Htpasswd(BTreeMap<String, String>);

impl Htpasswd {
    /// Reads a password file. Empty lines and lines that begin with `#` do not count.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut users = BTreeMap::new();
        for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (user, hash) = line.split_once(':').ok_or(Fault::Line { line: number })?;
            check_user(user)?;
            if !is_bcrypt(hash) {
                return Err(Fault::NotBcrypt { line: number, user: user.to_owned() });
            }
            if let Some(cost) = cost(hash).filter(|cost| *cost < LEAST_COST) {
                return Err(Fault::Cost { line: number, user: user.to_owned(), cost });
            }
            if users.insert(user.to_owned(), hash.to_owned()).is_some() {
                return Err(Fault::Twice { line: number, user: user.to_owned() });
            }
        }
        Ok(Self(users))
    }

    /// The users' names in order.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The users whose hashes are so costly that each of their requests takes long.
    pub fn slow_users(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|(_, hash)| cost(hash).is_some_and(|cost| cost >= SLOW_COST))
            .map(|(user, _)| user.as_str())
    }

    /// Whether there is no user at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `user` exists with this password. Takes about 50 ms: keep it off the async runtime.
    pub fn accepts(&self, user: &str, password: &Secret) -> bool {
        self.0.get(user).is_some_and(|hash| {
            password.expose().len() <= PASSWORD_LIMIT && bcrypt::verify(password.expose(), hash).unwrap_or(false)
        })
    }

    /// The file for exactly these users. Who keeps the password, or gives none, keeps the hash, so that the file
    /// stays the same byte for byte when nothing changed.
    ///
    /// Takes about 50 ms a user: keep it off the async runtime.
    pub fn updated<'a>(&self, users: impl IntoIterator<Item = (&'a str, Option<&'a Secret>)>) -> Result<Self, Fault> {
        let mut updated = BTreeMap::new();
        for (user, password) in users {
            check_user(user)?;
            let kept = self.0.get(user).filter(|_| password.is_none_or(|password| self.accepts(user, password)));
            let line = match (kept, password) {
                (Some(kept), _) => kept.clone(),
                (None, Some(password)) => hash(password)?,
                (None, None) => return Err(Fault::NoPassword { user: user.to_owned() }),
            };
            updated.insert(user.to_owned(), line);
        }
        Ok(Self(updated))
    }

    /// The file's text, one line a user, ordered by name.
    pub fn text(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, (user, hash)| {
            let _infallible = writeln!(text, "{user}:{hash}");
            text
        })
    }
}

impl std::fmt::Debug for Htpasswd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.users()).finish()
    }
}

/// Checks that bcrypt would use the whole password.
pub fn check_password(password: &Secret) -> Result<(), Fault> {
    let bytes = password.expose().as_bytes();
    if bytes.len() > PASSWORD_LIMIT {
        return Err(Fault::PasswordTooLong { length: bytes.len() });
    }
    if bytes.is_empty() || bytes.contains(&0) { Err(Fault::PasswordUnusable) } else { Ok(()) }
}

/// Checks that a user's name can stand before the colon of a line and of a login (RFC 7617 §2).
pub fn check_user(user: &str) -> Result<(), Fault> {
    let wrong = |c: char| c == ':' || c.is_whitespace() || c.is_control();
    if user.is_empty() || user.starts_with('#') || user.contains(wrong) {
        return Err(Fault::User { user: user.to_owned() });
    }
    Ok(())
}

/// Hashes a checked password. The crate's `non_truncating` forms count the zero byte that ends the
/// key and so refuse 72 bytes, which bcrypt uses in full: the length is checked by [`check_password`].
fn hash(password: &Secret) -> Result<String, Fault> {
    check_password(password)?;
    let parts = bcrypt::hash_with_result(password.expose(), COST).map_err(|_| Fault::Hash)?;
    Ok(parts.format_for_version(Version::TwoY))
}

fn is_bcrypt(hash: &str) -> bool {
    let known = ["$2y$", "$2a$", "$2b$"].iter().any(|prefix| hash.starts_with(prefix));
    known && hash.len() == 60
}

/// The cost that a hash names: `$2y$10$…`.
fn cost(hash: &str) -> Option<u32> {
    hash.split('$').nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(users: &[(&str, &Secret)], before: &Htpasswd) -> Htpasswd {
        before.updated(users.iter().map(|(user, password)| (*user, Some(*password)))).unwrap()
    }

    #[test]
    fn keeps_the_hash_of_an_unchanged_password_and_renews_a_changed_one() {
        let (ann, bob) = (Secret::new("correct horse"), Secret::new("battery staple"));
        let first = file(&[("ann", &ann), ("bob", &bob)], &Htpasswd::default());
        assert_eq!(file(&[("bob", &bob), ("ann", &ann)], &first).text(), first.text());

        let new = Secret::new("another");
        let second = file(&[("ann", &ann), ("bob", &new)], &first);
        assert_eq!(second.0.get("ann"), first.0.get("ann"));
        assert_ne!(second.0.get("bob"), first.0.get("bob"));
        assert!(second.accepts("bob", &new) && !second.accepts("bob", &bob));
    }

    #[test]
    fn a_password_that_is_not_given_stays_and_must_have_been_there() {
        let first = file(&[("ann", &Secret::new("secret"))], &Htpasswd::default());
        assert!(first.updated([("ann", None)]).unwrap() == first);
        assert_eq!(first.updated([("bob", None)]).unwrap_err(), Fault::NoPassword { user: "bob".to_owned() });
    }

    #[test]
    fn drops_users_that_are_no_longer_named() {
        let password = Secret::new("secret");
        let first = file(&[("ann", &password), ("bob", &password)], &Htpasswd::default());
        assert_eq!(file(&[("bob", &password)], &first).users().collect::<Vec<_>>(), ["bob"]);
    }

    #[test]
    fn writes_the_flavour_that_htpasswd_writes_and_reads_it_back() {
        let written = file(&[("ann", &Secret::new("secret"))], &Htpasswd::default());
        assert!(written.text().starts_with("ann:$2y$10$"), "{}", written.text());
        assert!(written.text().ends_with('\n'));
        assert!(Htpasswd::parse(&written.text()).unwrap() == written);
    }

    #[test]
    fn takes_seventy_two_bytes_and_refuses_one_more() {
        assert_eq!(check_password(&Secret::new("x".repeat(72))), Ok(()));
        assert!(hash(&Secret::new("x".repeat(72))).is_ok());
        assert_eq!(check_password(&Secret::new("x".repeat(100))), Err(Fault::PasswordTooLong { length: 100 }));
        assert_eq!(check_password(&Secret::new("ü".repeat(37))), Err(Fault::PasswordTooLong { length: 74 }));
    }

    #[test]
    fn names_the_line_that_a_registry_would_ignore() {
        let text = "# users\n\nann:$apr1$abc$def\n";
        assert_eq!(Htpasswd::parse(text).unwrap_err(), Fault::NotBcrypt { line: 3, user: "ann".to_owned() });
        assert_eq!(Htpasswd::parse("ann").unwrap_err(), Fault::Line { line: 1 });
    }

    #[test]
    fn accepts_what_another_tool_hashed() {
        // htpasswd -nbB -C 5 ann secret
        let parsed = Htpasswd::parse("ann:$2y$05$IpU2SmzhwZyH/YLPN84/suYVl6H9oMp5Sm7Idu7lnfU7W882KRXum").unwrap();
        assert!(parsed.accepts("ann", &Secret::new("secret")));
        assert!(!parsed.accepts("ann", &Secret::new("Secret")) && !parsed.accepts("bob", &Secret::new("secret")));
    }

    #[test]
    fn hashes_that_nobody_can_log_in_with_are_refused_and_slow_ones_are_known() {
        let of_cost = |cost: &str| format!("ann:$2y${cost}$IpU2SmzhwZyH/YLPN84/suYVl6H9oMp5Sm7Idu7lnfU7W882KRXum");
        let refused = Htpasswd::parse(&of_cost("03")).unwrap_err();
        assert_eq!(refused, Fault::Cost { line: 1, user: "ann".to_owned(), cost: 3 });
        for (cost, slow) in [("04", false), ("10", false), ("12", false), ("13", true), ("15", true)] {
            assert_eq!(Htpasswd::parse(&of_cost(cost)).unwrap().slow_users().count() == 1, slow, "{cost}");
        }
    }

    #[test]
    fn refuses_names_that_would_break_the_file() {
        for wrong in ["", "a:b", "a b", "#ann", "a\nb"] {
            assert!(matches!(check_user(wrong), Err(Fault::User { .. })), "{wrong:?}");
        }
    }

    #[test]
    fn debug_shows_names_and_no_hashes() {
        let written = file(&[("ann", &Secret::new("secret"))], &Htpasswd::default());
        assert_eq!(format!("{written:?}"), r#"{"ann"}"#);
    }
}
