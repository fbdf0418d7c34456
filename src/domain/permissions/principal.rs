//! Whose policies apply to a caller.

/// The user or role behind the ARN of a caller, as IAM names it; none for others (the account's root, federated users).
///
/// The path of a role is not in its sessions' ARNs; a role with a path is not found by what this gives.
pub fn principal_of(caller: &str) -> Option<String> {
    let parts: Vec<&str> = caller.splitn(6, ':').collect();
    let ["arn", partition, service, _, account, object] = parts[..] else { return None };
    let (kind, rest) = object.split_once('/')?;
    match (service, kind) {
        ("iam", "user" | "role") => Some(caller.to_owned()),
        ("sts", "assumed-role") => {
            let role = rest.split('/').next().filter(|role| !role.is_empty())?;
            Some(format!("arn:{partition}:iam::{account}:role/{role}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_stand_for_their_roles_and_users_for_themselves() {
        let cases = [
            ("arn:aws:iam::1:user/a/b", Some("arn:aws:iam::1:user/a/b")),
            ("arn:aws-cn:sts::1:assumed-role/ci/session", Some("arn:aws-cn:iam::1:role/ci")),
            ("arn:aws:iam::1:root", None),
            ("arn:aws:sts::1:federated-user/x", None),
            ("no arn", None),
        ];
        for (caller, expected) in cases {
            assert_eq!(principal_of(caller).as_deref(), expected, "{caller}");
        }
    }
}
