//! The command line.

use crate::clients::diagnosis::Subject;
use crate::domain::registry_name::{RegistryName, base_url};

/// What is told to who asks for help, or writes what cannot be read.
pub const HELP: &str = "\
Usage: terraform-provider-berth diagnose SUBJECT [OPTIONS]

Why it fails: the causes with their evidence and what can be done, the one to begin with first.

  certificate NAMESPACE/NAME   a Certificate of cert-manager, down to its challenge
  certificate --secret NAMESPACE/NAME
                               the one that writes this Secret
  issuer NAME                  a ClusterIssuer
  issuer NAMESPACE/NAME        an Issuer
  pod NAMESPACE/NAME           a Pod: images, logins, volumes, last words
  registry HOST[:PORT]         a registry as its clients see it, and what of it is in the cluster

  --json             the report as JSON
  --watch            look again every three seconds, until it works
  --kubeconfig PATH  the cluster; else KUBE_CONFIG_PATH or KUBECONFIG
  --context NAME     the context in it
  --ca-file PATH     certificates to trust for registries beside the system's, PEM
  --record PATH      write down all that was seen, without secrets, as JSON
  --help             this text

Nothing is changed anywhere. Exit code: 0 it works, 1 it does not, 2 it cannot be told.
Colours and width are those of the terminal; NO_COLOR and COLUMNS are honoured.
";

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The text above.
    Help,
    /// A diagnosis.
    Diagnose(Options),
}

/// What a diagnosis is asked for with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Of what.
    pub subject: Subject,
    /// As JSON.
    pub json: bool,
    /// Again and again.
    pub watch: bool,
    /// The cluster.
    pub kubeconfig: Option<String>,
    /// The context.
    pub context: Option<String>,
    /// Roots to trust.
    pub ca_file: Option<String>,
    /// Where to write what was seen.
    pub record: Option<String>,
}

/// Reads the arguments; `None` if they are not ours.
pub fn read(arguments: &[String]) -> Option<Result<Command, String>> {
    let (first, rest) = arguments.split_first()?;
    (first == "diagnose").then(|| options(rest))
}

fn options(arguments: &[String]) -> Result<Command, String> {
    let mut words: Vec<&str> = Vec::new();
    let (mut json, mut watch, mut by_secret) = (false, false, false);
    let (mut kubeconfig, mut context, mut ca_file, mut record) = (None, None, None, None);
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        let (name, given) = argument.split_once('=').map_or((argument, None), |(name, value)| (name, Some(value)));
        let mut value =
            || given.or_else(|| rest.next()).map(str::to_owned).ok_or_else(|| format!("`{name}` wants a value"));
        match name {
            "--help" | "-help" | "-h" => return Ok(Command::Help),
            "--json" => json = true,
            "--watch" => watch = true,
            "--secret" => {
                by_secret = true;
                words.extend(given);
            }
            "--kubeconfig" => kubeconfig = Some(value()?),
            "--context" => context = Some(value()?),
            "--ca-file" => ca_file = Some(value()?),
            "--record" => record = Some(value()?),
            _ if name.starts_with('-') => return Err(format!("`{name}` is no option")),
            _ => words.push(argument),
        }
    }
    let subject = match words.as_slice() {
        [] => return Err("`diagnose` wants a subject: certificate, issuer, pod or registry".to_owned()),
        [kind, name] => subject_of(kind, name, by_secret)?,
        [kind] => return Err(format!("`diagnose {kind}` wants a name")),
        more => return Err(format!("one subject at a time: {}", more.join(" "))),
    };
    Ok(Command::Diagnose(Options { subject, json, watch, kubeconfig, context, ca_file, record }))
}

fn subject_of(kind: &str, name: &str, by_secret: bool) -> Result<Subject, String> {
    let pair = || match name.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok((namespace.to_owned(), name.to_owned()))
        }
        _ => Err(format!("write the {kind} as NAMESPACE/NAME, not `{name}`")),
    };
    match kind {
        "certificate" | "certificates" | "cert" if by_secret => {
            pair().map(|(namespace, secret)| Subject::CertificateOfSecret { namespace, secret })
        }
        "certificate" | "certificates" | "cert" => {
            pair().map(|(namespace, name)| Subject::Certificate { namespace, name })
        }
        _ if by_secret => Err("`--secret` belongs to `certificate`".to_owned()),
        "pod" | "pods" => pair().map(|(namespace, name)| Subject::Pod { namespace, name }),
        "issuer" | "issuers" if name.contains('/') => {
            pair().map(|(namespace, name)| Subject::Issuer { namespace: Some(namespace), name })
        }
        "issuer" | "issuers" | "clusterissuer" => Ok(Subject::Issuer { namespace: None, name: name.to_owned() }),
        "registry" => registry(name),
        _ => Err(format!("`{kind}` cannot be diagnosed: certificate, issuer, pod and registry can")),
    }
}

fn registry(host: &str) -> Result<Subject, String> {
    base_url(host).map_err(|why| format!("the registry {why}"))?;
    let name = RegistryName::parse(host).map_err(|wrong| wrong.to_string())?;
    Ok(Subject::Registry { host: name.authority() })
}

/// A subject, as a message names it.
pub fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Certificate { namespace, name } => format!("the certificate `{namespace}/{name}`"),
        Subject::CertificateOfSecret { namespace, secret } => {
            format!("the certificate of the Secret `{namespace}/{secret}`")
        }
        Subject::Issuer { namespace: Some(namespace), name } => format!("the issuer `{namespace}/{name}`"),
        Subject::Issuer { namespace: None, name } => format!("the cluster issuer `{name}`"),
        Subject::Pod { namespace, name } => format!("the Pod `{namespace}/{name}`"),
        Subject::Deployment { namespace, name } => format!("the Deployment `{namespace}/{name}`"),
        Subject::Registry { host } => format!("the registry `{host}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Option<Result<Command, String>> {
        read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    fn options(line: &str) -> Options {
        match asked(line) {
            Some(Ok(Command::Diagnose(options))) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_subject_and_options_are_read_in_any_order() {
        let read = options("diagnose --json pod apps/web --context=blue --kubeconfig /k --watch");
        assert_eq!(read.subject, Subject::Pod { namespace: "apps".to_owned(), name: "web".to_owned() });
        assert!(read.json && read.watch);
        assert_eq!((read.context.as_deref(), read.kubeconfig.as_deref()), (Some("blue"), Some("/k")));
        let name = "le".to_owned();
        assert_eq!(options("diagnose issuer le").subject, Subject::Issuer { namespace: None, name: name.clone() });
        assert_eq!(options("diagnose issuer a/le").subject, Subject::Issuer { namespace: Some("a".to_owned()), name });
        assert_eq!(
            options("diagnose registry Hub.test:443").subject,
            Subject::Registry { host: "hub.test".to_owned() }
        );
        let secret = Subject::CertificateOfSecret { namespace: "a".to_owned(), secret: "tls".to_owned() };
        assert_eq!(options("diagnose certificate --secret a/tls").subject, secret);
    }

    #[test]
    fn the_help_of_the_program_names_what_is_read_here() {
        let names = crate::provider::ABOUT.commands.iter().filter_map(|line| line.split_whitespace().next());
        assert!(names.into_iter().all(|name| asked(&format!("{name} --help")) == Some(Ok(Command::Help))));
    }

    #[test]
    fn what_cannot_be_read_is_told_and_what_is_not_ours_is_left() {
        assert_eq!(asked(""), None);
        assert_eq!(asked("--version"), None);
        for (line, part) in [
            ("diagnose", "wants a subject"),
            ("diagnose --json", "wants a subject"),
            ("diagnose pod web", "NAMESPACE/NAME"),
            ("diagnose pod", "wants a name"),
            ("diagnose pod a/b c/d", "one subject"),
            ("diagnose node a", "cannot be diagnosed"),
            ("diagnose pod a/b --colour", "no option"),
            ("diagnose pod a/b --record", "wants a value"),
            ("diagnose registry http://hub.test", "HTTPS"),
            ("diagnose pod --secret a/b", "belongs to"),
        ] {
            let told = asked(line).and_then(Result::err).unwrap_or_default();
            assert!(told.contains(part), "{line}: {told}");
        }
        assert_eq!(asked("diagnose --help"), Some(Ok(Command::Help)));
    }
}
