//! Why the API server forbids what somebody has the right to do: an admission controller, not a missing right.
//!
//! An answer tells the two apart by its words alone. Those about rights are fixed: `… is forbidden: User "ann" cannot get
//! resource …` (Kubernetes, `endpoints/handlers/responsewriters/errors.go`); all else after `is forbidden: ` comes from
//! admission.

use std::fmt;

/// What refused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A `ResourceQuota` of the namespace.
    Quota,
    /// A `LimitRange` of the namespace.
    Limits,
    /// The Pod Security Standard of the namespace.
    PodSecurity,
    /// A webhook or an admission policy that somebody installed.
    Policy,
    /// The storage class does not let claims grow.
    Resize,
    /// The service account of a Pod is not there.
    Account,
    /// Another rule of the cluster.
    Rule,
}

/// What admission writes, as a part of the answer; the first that fits counts.
const WORDS: [(&str, Refusal); 13] = [
    ("admission webhook ", Refusal::Policy),
    ("ValidatingAdmissionPolicy ", Refusal::Policy),
    ("exceeded quota: ", Refusal::Quota),
    ("failed quota: ", Refusal::Quota),
    ("insufficient quota", Refusal::Quota),
    ("violates PodSecurity ", Refusal::PodSecurity),
    ("unable to validate against any security context constraint", Refusal::PodSecurity),
    ("can be resized", Refusal::Resize),
    ("error looking up service account", Refusal::Account),
    (" usage per ", Refusal::Limits),
    (" limit to request ratio per ", Refusal::Limits),
    ("is forbidden: User ", Refusal::Rule),
    ("is forbidden: user ", Refusal::Rule),
];

impl Refusal {
    /// Reads the words of an answer with the status 403; `None` if they speak of a missing right, or of nothing known.
    pub fn of(words: &str) -> Option<Self> {
        let found = WORDS.iter().find(|(part, _)| words.contains(part));
        match found {
            Some((_, Self::Rule)) => None,
            Some((_, refusal)) => Some(*refusal),
            None => words.contains("is forbidden: ").then_some(Self::Rule),
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Quota => "raise the namespace's quota, free some of it, or ask for less; the quota is named above",
            Self::Limits => "ask for what the namespace's LimitRange allows, or change it",
            Self::PodSecurity => {
                "let the namespace allow it (its labels pod-security.kubernetes.io/…), or use another namespace"
            }
            Self::Policy => "satisfy the policy that is named above, or have its owner make an exception",
            Self::Resize => {
                "give the size that the claim has, or a storage class that has allowVolumeExpansion; a claim never shrinks"
            }
            Self::Account => "make the service account first, or correct its name",
            Self::Rule => "satisfy the rule of the cluster that its words name; no right is missing",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quota => "a quota",
            Self::Limits => "a LimitRange",
            Self::PodSecurity => "Pod security",
            Self::Policy => "an admission policy",
            Self::Resize => "the storage class",
            Self::Account => "a missing service account",
            Self::Rule => "a rule of the cluster",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_admission_refuses_is_told_from_a_missing_right() {
        for (words, expected) in [
            (r#"pods "p" is forbidden: failed quota: tight: must specify limits.cpu for: pull"#, Some(Refusal::Quota)),
            (
                r#"persistentvolumeclaims "c" is forbidden: exceeded quota: tight, requested: requests.storage=64Mi"#,
                Some(Refusal::Quota),
            ),
            (
                r#"pods "p" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true"#,
                Some(Refusal::PodSecurity),
            ),
            (
                r#"admission webhook "validate.kyverno.svc" denied the request: User must be named"#,
                Some(Refusal::Policy),
            ),
            (
                r#"deployments.apps "r" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"#,
                Some(Refusal::Policy),
            ),
            (
                r#"persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"#,
                Some(Refusal::Resize),
            ),
            (r#"pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 2"#, Some(Refusal::Limits)),
            (
                r#"pods "p" is forbidden: error looking up service account apps/a: serviceaccount "a" not found"#,
                Some(Refusal::Account),
            ),
            (r#"pods "p" is forbidden: no PriorityClass with name x was found"#, Some(Refusal::Rule)),
            (
                r#"deployments.apps "r" is forbidden: User "ci" cannot patch resource "deployments" in API group "apps""#,
                None,
            ),
            (
                r#"roles "r" is forbidden: user "ci" (groups=["a"]) is attempting to grant RBAC permissions not currently held"#,
                None,
            ),
            ("forbidden by the proxy", None),
            ("", None),
        ] {
            assert_eq!(Refusal::of(words), expected, "{words}");
        }
    }
}
