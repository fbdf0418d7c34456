//! Whose credentials a profile of AWS's shared configuration files stands for, as AWS's tools read it.
//!
//! Source: AWS SDKs and Tools Reference Guide, "Assume role credential provider" and "Shared config and credentials files".

use std::collections::BTreeMap;

/// The settings of a profile that say where its credentials come from.
pub const KEYS: [&str; 14] = [
    "role_arn",
    "source_profile",
    "credential_source",
    "external_id",
    "role_session_name",
    "mfa_serial",
    "web_identity_token_file",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "sso_session",
    "sso_start_url",
    "login_session",
    "credential_process",
];

/// Profiles by name, each with its settings.
#[derive(Clone, Debug, Default)]
pub struct Profiles(pub BTreeMap<String, BTreeMap<String, String>>);

/// Where the first credentials come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// The keys of this profile.
    Keys(String),
    /// What this profile says in other ways: a program, `aws login`, `aws sso login`.
    Other(String),
    /// `AWS_ACCESS_KEY_ID` and its like.
    Environment,
    /// The metadata service of the machine.
    Ec2,
    /// The container's address for credentials.
    Ecs,
    /// A role that a token from a file is exchanged for.
    WebIdentity {
        /// The role.
        role: Role,
        /// The file.
        token_file: String,
    },
}

/// A role that a profile assumes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// The session's name.
    pub session_name: Option<String>,
    /// The external id.
    pub external_id: Option<String>,
}

/// From the first credentials over the roles, in the order in which they are assumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The first credentials.
    pub base: Base,
    /// The roles.
    pub roles: Vec<Role>,
}

/// Why a profile leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileFault {
    /// It is not defined.
    #[error("the profile `{name}` is in neither of AWS's configuration files; there is {}", listed(.known))]
    Absent {
        /// Its name.
        name: String,
        /// Those that are there.
        known: Vec<String>,
    },
    /// It lacks something.
    #[error("the profile `{name}` has `{given}` and no {missing}")]
    Incomplete {
        /// Its name.
        name: String,
        /// What it has.
        given: &'static str,
        /// What it lacks.
        missing: &'static str,
    },
    /// It wants a code that nobody is asked for.
    #[error("the profile `{name}` has `mfa_serial`, and a code for that cannot be asked for while Terraform runs")]
    Mfa {
        /// Its name.
        name: String,
    },
    /// It names a source that there is none of.
    #[error(
        "the profile `{name}` has `credential_source = {source_name}`, which is none of Environment, Ec2InstanceMetadata, EcsContainer"
    )]
    Source {
        /// Its name.
        name: String,
        /// What it names.
        source_name: String,
    },
    /// It leads back to itself.
    #[error("the profiles {} lead back to where they began", listed(.0))]
    Loop(Vec<String>),
}

fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

impl ProfileFault {
    /// What to do about it.
    pub fn next(&self) -> String {
        match self {
            Self::Absent { .. } => {
                "correct `aws.profile` or AWS_PROFILE, or say where the files lie: AWS_CONFIG_FILE and \
                 AWS_SHARED_CREDENTIALS_FILE"
            }
            Self::Mfa { .. } => {
                "get a session beforehand, for instance by `aws sts get-session-token --serial-number … --token-code …` or a \
                 `credential_process` that asks, and use its keys"
            }
            Self::Incomplete { .. } | Self::Source { .. } | Self::Loop(_) => "correct the profile",
        }
        .to_owned()
    }
}

impl Profiles {
    /// Where the profile's credentials come from; `None` if it says nothing of any.
    pub fn way(&self, name: &str) -> Result<Option<Way>, ProfileFault> {
        self.way_after(name, &mut Vec::new())
    }

    fn way_after(&self, name: &str, passed: &mut Vec<String>) -> Result<Option<Way>, ProfileFault> {
        let absent = || ProfileFault::Absent { name: name.to_owned(), known: self.0.keys().cloned().collect() };
        let profile = self.0.get(name).ok_or_else(absent)?;
        let get = |key: &str| profile.get(key).map(String::as_str).filter(|value| !value.is_empty());
        let Some(arn) = get("role_arn") else { return first(name, &get) };
        let role = Role {
            arn: arn.to_owned(),
            session_name: get("role_session_name").map(str::to_owned),
            external_id: get("external_id").map(str::to_owned),
        };
        if let Some(token_file) = get("web_identity_token_file") {
            let base = Base::WebIdentity { role, token_file: token_file.to_owned() };
            return Ok(Some(Way { base, roles: Vec::new() }));
        }
        if get("mfa_serial").is_some() {
            return Err(ProfileFault::Mfa { name: name.to_owned() });
        }
        let mut way = self.source(name, &get, passed)?;
        way.roles.push(role);
        Ok(Some(way))
    }

    /// What a profile assumes its role with.
    fn source<'a>(
        &self,
        name: &str,
        get: &impl Fn(&str) -> Option<&'a str>,
        passed: &mut Vec<String>,
    ) -> Result<Way, ProfileFault> {
        let incomplete = |missing| ProfileFault::Incomplete { name: name.to_owned(), given: "role_arn", missing };
        passed.push(name.to_owned());
        match (get("source_profile"), get("credential_source")) {
            (Some(source), _) if source == name => {
                first(name, get)?.ok_or_else(|| incomplete("keys, though it is its own `source_profile`"))
            }
            (Some(source), _) if passed.iter().any(|it| it == source) => {
                Err(ProfileFault::Loop(std::mem::take(passed)))
            }
            (Some(source), _) => {
                self.way_after(source, passed)?.ok_or_else(|| incomplete("credentials in its `source_profile`"))
            }
            (None, Some(source)) => Ok(Way { base: source_named(name, source)?, roles: Vec::new() }),
            (None, None) => Err(incomplete("`source_profile`, `credential_source` or `web_identity_token_file`")),
        }
    }
}

/// The credentials that a profile has itself.
fn first<'a>(name: &str, get: &impl Fn(&str) -> Option<&'a str>) -> Result<Option<Way>, ProfileFault> {
    let incomplete = |given, missing| Err(ProfileFault::Incomplete { name: name.to_owned(), given, missing });
    let base = match (get("aws_access_key_id"), get("aws_secret_access_key")) {
        (Some(_), Some(_)) => Base::Keys(name.to_owned()),
        (Some(_), None) => return incomplete("aws_access_key_id", "`aws_secret_access_key`"),
        (None, Some(_)) => return incomplete("aws_secret_access_key", "`aws_access_key_id`"),
        (None, None) => {
            let others = ["sso_session", "sso_start_url", "login_session", "credential_process"];
            if !others.into_iter().any(|key| get(key).is_some()) {
                return Ok(None);
            }
            Base::Other(name.to_owned())
        }
    };
    Ok(Some(Way { base, roles: Vec::new() }))
}

fn source_named(profile: &str, source: &str) -> Result<Base, ProfileFault> {
    match source.to_ascii_lowercase().as_str() {
        "environment" => Ok(Base::Environment),
        "ec2instancemetadata" => Ok(Base::Ec2),
        "ecscontainer" => Ok(Base::Ecs),
        _ => Err(ProfileFault::Source { name: profile.to_owned(), source_name: source.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles(text: &[(&str, &[(&str, &str)])]) -> Profiles {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Profiles(text.iter().map(|(name, set)| ((*name).to_owned(), set.iter().map(owned).collect())).collect())
    }

    const PAIR: [(&str, &str); 2] = [("aws_access_key_id", "a"), ("aws_secret_access_key", "s")];

    fn role(arn: &str) -> Role {
        Role { arn: arn.to_owned(), ..Role::default() }
    }

    #[test]
    fn roles_are_assumed_from_the_source_on() {
        let own: Vec<_> = PAIR.into_iter().chain([("role_arn", "r3"), ("source_profile", "own")]).collect();
        let all = profiles(&[
            ("base", &PAIR),
            (
                "one",
                &[("role_arn", "r1"), ("source_profile", "base"), ("external_id", "x"), ("role_session_name", "n")],
            ),
            ("two", &[("role_arn", "r2"), ("source_profile", "one")]),
            ("own", &own),
            ("pod", &[("role_arn", "r4"), ("web_identity_token_file", "/t")]),
            ("machine", &[("role_arn", "r5"), ("credential_source", "Ec2InstanceMetadata")]),
            ("sso", &[("sso_session", "corp")]),
            ("program", &[("credential_process", "x")]),
            ("bare", &[("region", "eu-central-1"), ("aws_access_key_id", "")]),
        ]);
        let one = Role { session_name: Some("n".into()), external_id: Some("x".into()), ..role("r1") };
        let keys = |name: &str, roles| Ok(Some(Way { base: Base::Keys(name.into()), roles }));
        assert_eq!(all.way("two"), keys("base", vec![one, role("r2")]));
        assert_eq!(all.way("own"), keys("own", vec![role("r3")]));
        let pod = Base::WebIdentity { role: role("r4"), token_file: "/t".into() };
        assert_eq!(all.way("pod"), Ok(Some(Way { base: pod, roles: vec![] })));
        assert_eq!(all.way("machine"), Ok(Some(Way { base: Base::Ec2, roles: vec![role("r5")] })));
        for name in ["sso", "program"] {
            assert_eq!(all.way(name), Ok(Some(Way { base: Base::Other(name.into()), roles: vec![] })));
        }
        assert_eq!(all.way("bare"), Ok(None));
    }

    #[test]
    fn what_leads_nowhere_is_told_by_name() {
        let all = profiles(&[
            ("a", &[("role_arn", "r"), ("source_profile", "b")]),
            ("b", &[("role_arn", "r"), ("source_profile", "a")]),
            ("mfa", &[("role_arn", "r"), ("source_profile", "a"), ("mfa_serial", "m")]),
            ("lone", &[("aws_access_key_id", "a")]),
            ("bare", &[]),
            ("empty", &[("role_arn", "r"), ("source_profile", "bare")]),
            ("gone", &[("role_arn", "r"), ("source_profile", "nosuch")]),
            ("odd", &[("role_arn", "r"), ("credential_source", "Laptop")]),
            ("only", &[("role_arn", "r")]),
        ]);
        for (name, words) in [
            ("nosuch", "`nosuch` is in neither of AWS's configuration files; there is `a`, `b`, `bare`"),
            ("a", "`a`, `b` lead back"),
            ("mfa", "`mfa` has `mfa_serial`"),
            ("lone", "`lone` has `aws_access_key_id` and no `aws_secret_access_key`"),
            ("empty", "no credentials in its `source_profile`"),
            ("gone", "`nosuch` is in neither"),
            ("odd", "`credential_source = Laptop`"),
            ("only", "no `source_profile`"),
        ] {
            let fault = all.way(name).unwrap_err();
            assert!(fault.to_string().contains(words), "{name}: {fault}");
            assert!(!fault.next().is_empty());
        }
    }
}
