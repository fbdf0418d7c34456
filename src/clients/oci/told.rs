//! What is told of a registry that did not do what was asked.

use crate::clients::http::HttpError;
use crate::domain::oci::Platform;
use crate::explain::Explanation;
use crate::retry::Stopped;

use super::{ArtifactError, ArtifactFault, AttachError, ChartError, GatherError, LocalError, OciError, Unfinished};

/// How a further CA is trusted.
const TRUST: &str = "set `ca_file` or `ca_pem` of this host in the provider's `registries`, or SSL_CERT_FILE";

/// What the talk was about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The registry, as its host is written.
    pub registry: &'a str,
    /// The attribute that names it.
    pub attribute: &'a str,
    /// Whether there was a login.
    pub has_login: bool,
}

impl Unfinished {
    /// Tells it. What could not be asked at all is marked so, and also a login that is not accepted: it may have run out.
    pub fn explain(&self, what: impl Into<String>, subject: Subject<'_>) -> Explanation {
        let what = what.into();
        let who = format!("The registry `{}`", subject.registry);
        match self {
            Self::Failed(error) => error.explain(what, subject),
            Self::Stopped(Stopped::Interrupted, _) => Explanation::new("BERTH-OCI-010", what)
                .said("The wait", Stopped::Interrupted.to_string())
                .next("apply again: what the registry has of it is not sent again"),
            Self::Stopped(stopped, last) => {
                let words = last.as_ref().map_or_else(|| stopped.to_string(), |last| format!("{last} ({stopped})"));
                Explanation::new("BERTH-OCI-010", what)
                    .said(who, words)
                    .next("apply again, which goes on with what is missing; allow more in timeouts if it was slow")
                    .at(subject.attribute)
                    .unanswered()
            }
        }
    }
}

impl OciError {
    /// Tells it.
    pub fn explain(&self, what: impl Into<String>, subject: Subject<'_>) -> Explanation {
        let (code, next) = self.remedy(subject);
        let told = Explanation::new(code, what)
            .said(format!("The registry `{}`", subject.registry), self.to_string())
            .next(next)
            .at(subject.attribute);
        let is_open = self.is_passing() || matches!(self, Self::Unauthorized { .. } | Self::Http(_));
        if is_open { told.unanswered() } else { told }
    }

    fn remedy(&self, subject: Subject<'_>) -> (&'static str, String) {
        let host = subject.registry;
        match self {
            Self::Http(error) if error.is_permanent() => {
                let next = error.remedy(TRUST);
                (
                    "BERTH-OCI-006",
                    next.unwrap_or_else(|| format!("correct ca_file or ca_pem of `{host}` in registries")),
                )
            }
            Self::Throttled { .. } => {
                let next = format!(
                    "apply again after a while; registries allow more to who logs in, as the login to `{host}` in registries of the \
                     provider block"
                );
                ("BERTH-OCI-004", next)
            }
            Self::NoRegistry { .. } => {
                let next = "correct the host; if its registry was made a moment ago, apply again once its Ingress or route leads to it";
                ("BERTH-OCI-004", next.to_owned())
            }
            error if error.is_incomplete() => {
                let next = "apply again if something was taken away meanwhile: what is missing is sent then; layers that are kept elsewhere \
                            (`urls`) are sent by nobody: let the registry take such manifests (distribution: validation.manifests.urls), or \
                            use an image without them";
                ("BERTH-OCI-006", next.to_owned())
            }
            error if error.is_passing() => {
                let next = "apply again once the registry answers; if the same apply makes it, name it in depends_on";
                ("BERTH-OCI-004", next.to_owned())
            }
            Self::Unauthorized { .. } | Self::Denied { .. } => ("BERTH-OCI-003", self.remedy_of_login(subject)),
            Self::NotFound { .. } => {
                let next = "correct host, path and tag; some registries want a project or repository to be made first";
                ("BERTH-OCI-005", next.to_owned())
            }
            Self::TooLarge { .. } => {
                let next = "raise the body limit of the proxy or Ingress before the registry (body_size of a `berth_registry`)";
                ("BERTH-OCI-006", next.to_owned())
            }
            Self::Downgrade { .. } => {
                let next = "let what stands before the registry pass on X-Forwarded-Proto, or set the registry's http.relativeurls";
                ("BERTH-OCI-006", next.to_owned())
            }
            Self::Digest { .. } => {
                let next = "apply again; if it stays so, what it comes from is damaged: make or push that anew; nothing was stored of it";
                ("BERTH-OCI-007", next.to_owned())
            }
            Self::Source { .. } => {
                ("BERTH-OCI-002", "let the file be readable, or make it anew, then apply again".to_owned())
            }
            _ => ("BERTH-OCI-006", "do what the registry says, or ask those who run it".to_owned()),
        }
    }

    /// The next step of who is not let in.
    fn remedy_of_login(&self, subject: Subject<'_>) -> String {
        let host = subject.registry;
        match self {
            // Who is nobody is denied more than who logs in.
            _ if !subject.has_login => {
                format!(
                    "give `{host}` a login in registries of the provider block, or log in with `docker login {host}`"
                )
            }
            // Some say so of a login that has run out: ECR, whose logins hold twelve hours, and GHCR.
            Self::Denied { .. } => {
                "log in anew if the login has run out; else let those who run the registry allow it to do this, or \
                                    use another one"
                    .to_owned()
            }
            _ => format!(
                "correct the login to `{host}`: in registries of the provider block, else in the Docker configuration"
            ),
        }
    }
}

impl GatherError {
    /// Tells it, where `subject` is the registry that the image is in, and `files` the attribute of its files.
    pub fn explain(&self, what: impl Into<String>, subject: Subject<'_>, files: &str) -> Explanation {
        let what = what.into();
        match self {
            Self::Remote(error) => error.explain(what, subject),
            Self::Local(error) => error.explain(what, files),
            Self::Fault(fault) => Explanation::new("BERTH-OCI-002", what)
                .said("The image", fault.to_string())
                .next("make the image anew with a tool of today")
                .at(files),
            Self::Platforms { missing, offered } => Explanation::new("BERTH-OCI-001", what)
                .said("The image", format!("it is not for {}, but for {}", list(missing), list(offered)))
                .next("name platforms that the image is for, or none for all of them")
                .at("platforms"),
        }
    }
}

fn list(platforms: &[Platform]) -> String {
    let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    if names.is_empty() { "no platform that it names".to_owned() } else { names.join(", ") }
}

impl LocalError {
    /// Tells it.
    pub fn explain(&self, what: impl Into<String>, attribute: &str) -> Explanation {
        let (code, at, next) = match self {
            Self::Absent(_) => {
                ("BERTH-OCI-001", attribute, "correct the path, or make the file before this is applied")
            }
            Self::Io { .. } => ("BERTH-OCI-002", attribute, "let the file be readable, then apply again"),
            Self::Content { .. } => {
                let next = "make the file anew; if it holds an image for several platforms of which some were left out, name \
                            in platforms those that are there";
                ("BERTH-OCI-002", attribute, next)
            }
            Self::Unclear { .. } => ("BERTH-OCI-001", "source.image", "name the image that is meant in source.image"),
        };
        Explanation::new(code, what).said("Reading it", self.to_string()).next(next).at(at)
    }
}

impl ChartError {
    /// Tells it.
    pub fn explain(&self, what: impl Into<String>) -> Explanation {
        let (code, next) = match self {
            Self::Absent(_) => ("BERTH-OCI-001", "correct the path, or make the files before this is applied"),
            Self::Content { .. } => ("BERTH-OCI-016", "correct the chart; `helm lint` looks at more of it"),
            Self::Dependencies(_) => {
                ("BERTH-OCI-016", "run `helm dependency build` in the chart's folder, or take them out of Chart.yaml")
            }
        };
        Explanation::new(code, what).said("Reading it", self.to_string()).next(next).at("path")
    }
}

impl ArtifactError {
    /// Tells it.
    pub fn explain(&self, what: impl Into<String>) -> Explanation {
        let (code, next) = match &self.fault {
            ArtifactFault::Absent(_) => ("BERTH-OCI-001", "correct the path, or make the files before this is applied"),
            ArtifactFault::Unpacked(_) => (
                "BERTH-OCI-018",
                "set pack to zip or tar+gzip, or media_type to one that ends so; or name a file in the folder",
            ),
            ArtifactFault::Content { .. } => ("BERTH-OCI-018", "correct the file or folder, then plan again"),
        };
        Explanation::new(code, what).said("Reading it", self.fault.to_string()).next(next).at(self.attribute.as_str())
    }
}

impl AttachError {
    /// Tells it.
    pub fn explain(&self, what: impl Into<String>, subject: Subject<'_>) -> Explanation {
        match self {
            Self::Remote(error) => error.explain(what, subject),
            Self::Index { tag, fault } => Explanation::new("BERTH-OCI-019", what)
                .on(format!("the tag {tag}, under which registries without an API for it keep what is attached"))
                .said("Reading it", fault.as_str())
                .next("take that tag off if nobody needs what it stands for, then apply again")
                .at("subject"),
        }
    }
}

/// What the talk with a registry ended in that does not matter in a plan's look.
pub fn is_silence(error: &Unfinished) -> bool {
    match error {
        Unfinished::Stopped(..) => true,
        Unfinished::Failed(error) => error.is_passing() || matches!(error, OciError::Http(HttpError::Name { .. })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_is_one_that_can_be_done() {
        let words = String::new;
        for (error, has_login, step) in [
            (OciError::Unauthorized { words: words() }, true, "correct the login to `hub.test`"),
            (OciError::Unauthorized { words: words() }, false, "docker login hub.test"),
            (
                OciError::Denied { words: words() },
                true,
                "log in anew if the login has run out; else let those who run the registry allow it",
            ),
            (OciError::Denied { words: words() }, false, "docker login hub.test"),
            (OciError::NoRegistry { words: words() }, false, "once its Ingress or route leads to it"),
            (OciError::Refused { status: 500, words: "MANIFEST_BLOB_UNKNOWN".to_owned() }, false, "kept elsewhere"),
            (OciError::Throttled { words: words(), pause: None }, false, "apply again after a while"),
            (OciError::Refused { status: 503, words: words() }, false, "once the registry answers"),
        ] {
            let subject = Subject { registry: "hub.test", attribute: "destination", has_login };
            let told = error.explain("Cannot push", subject).detail();
            assert!(told.contains(step), "{error}: {told}");
        }
    }
}
