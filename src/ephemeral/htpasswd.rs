//! `berth_htpasswd`: a password file with bcrypt hashes, stored nowhere.

use std::collections::BTreeMap;

use crate::domain::htpasswd::{Fault, Htpasswd, check_password, check_user};
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::sdk::{Check, Computed, Ephemeral, Lease, Meta, Model, Result, Secret, Value, check};

/// The ephemeral resource.
pub struct HtpasswdFile;

/// What is given and made.
#[derive(Clone, Debug, Model)]
pub struct Declared {
    /// The passwords, by user. A password has at most 72 bytes: bcrypt would not look at the rest.
    #[attr(check = check::at_least(1), check = users())]
    pub users: BTreeMap<String, Secret>,
    /// The file: a line `USER:HASH` for each user, in the order of the names, as `htpasswd -B` writes it (bcrypt, `$2y$`, cost
    /// 10). The salt is drawn anew each time, so the text differs between plan and apply, and from run to run: change the
    /// `…_wo_version` beside the write-only argument that it is given to when a password changes.
    pub content: Computed<Secret>,
}

impl Ephemeral<Berth> for HtpasswdFile {
    type Model = Declared;

    const NAME: &'static str = "berth_htpasswd";

    const META: Meta = Meta::new(
        "Registry",
        "Users and passwords as a password file with bcrypt hashes that stands in no plan and no state: for a registry, an \
         Ingress or a proxy that something else makes. `berth_registry` makes its own from `users`.",
    );

    async fn open(&self, _cx: &Cx, model: &mut Declared) -> Result<Lease> {
        let users = model.users.clone();
        let hashed = tokio::task::spawn_blocking(move || {
            Htpasswd::default().updated(users.iter().map(|(user, password)| (user.as_str(), Some(password))))
        });
        let file = hashed.await.unwrap_or(Err(Fault::Hash)).map_err(|fault| {
            Explanation::new("BERTH-LOGIN-002", "Cannot write the password file")
                .said("Hashing", fault.to_string())
                .next("correct the users")
                .at("users")
        })?;
        model.content.set(Secret::new(file.text()));
        Ok(Lease::default())
    }
}

/// Users that a password file can hold, with passwords that bcrypt uses in full.
fn users() -> Check {
    Check::new("must be users that a password file can hold, with passwords of at most 72 bytes", |value: &Value| {
        for (user, password) in value.members().into_iter().flatten() {
            let fits = check_user(user).and_then(|()| match password.as_str() {
                Some(text) => check_password(&Secret::new(text)),
                None => Ok(()),
            });
            fits.map_err(|fault| format!("has a user `{user}` that cannot be written: {fault}"))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_that_the_file_cannot_hold_is_named_without_the_password() {
        let told = |user: &str, password: &str| users().test(&Value::object([(user, Value::from(password))]));
        assert_eq!(told("ann", "correct horse"), Ok(()));
        let long = "correct horse ".repeat(6);
        let refused = told("ann", &long).unwrap_err();
        assert!(refused.contains("`ann`") && refused.contains("84 bytes") && !refused.contains("horse"), "{refused}");
        assert!(told("a:b", "correct horse").unwrap_err().contains("colon"));
    }
}
