//! The Ingress that a registry is behind.

use std::collections::BTreeMap;

/// An Ingress.
#[derive(Clone, Debug)]
pub struct Ingress {
    /// The class.
    pub class: Option<String>,
    /// Which controller's annotations are wanted.
    pub flavour: Flavour,
    /// Whether only the class's name says so.
    pub is_guessed: bool,
    /// The `ClusterIssuer` of cert-manager that shall make the certificate.
    pub issuer: Option<String>,
    /// Further annotations; they win.
    pub annotations: BTreeMap<String, String>,
    /// The largest request body; `0` means no limit.
    pub body_size: String,
}

impl Ingress {
    /// Whether cert-manager makes the certificate: by the issuer, or by an annotation of the user's.
    pub fn has_issuer(&self) -> bool {
        let by_annotation = ["cert-manager.io/issuer", "cert-manager.io/cluster-issuer"];
        self.issuer.is_some() || by_annotation.iter().any(|name| self.annotations.contains_key(*name))
    }
}

/// The Ingress controllers whose annotations are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// ingress-nginx.
    Nginx,
    /// Traefik.
    Traefik,
    /// AWS Load Balancer Controller.
    Alb,
    /// Any other: no annotations of ours.
    None,
}

impl Flavour {
    /// That of a controller, as the class names it; `None` if it is not known. Of ingress-nginx there may be several in a
    /// cluster, each with a name of its own; F5's NGINX knows none of its annotations.
    pub fn of_controller(controller: &str) -> Option<Self> {
        let (domain, name) = controller.split_once('/')?;
        match (domain, name) {
            ("nginx.org", _) => Some(Self::None),
            (_, name) if name.ends_with("ingress-nginx") => Some(Self::Nginx),
            ("traefik.io", _) => Some(Self::Traefik),
            ("ingress.k8s.aws" | "eks.amazonaws.com", "alb") => Some(Self::Alb),
            _ => None,
        }
    }

    /// Whether an Ingress gets annotations for it.
    pub fn annotates(self) -> bool {
        matches!(self, Self::Nginx | Self::Alb)
    }

    /// What users call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Traefik => "traefik",
            Self::Alb => "alb",
            Self::None => "none",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_is_known_by_what_its_class_names() {
        for (controller, flavour) in [
            ("k8s.io/ingress-nginx", Some(Flavour::Nginx)),
            ("k8s.io/internal-ingress-nginx", Some(Flavour::Nginx)),
            ("nginx.org/ingress-controller", Some(Flavour::None)),
            ("traefik.io/ingress-controller", Some(Flavour::Traefik)),
            ("ingress.k8s.aws/alb", Some(Flavour::Alb)),
            ("eks.amazonaws.com/alb", Some(Flavour::Alb)),
            ("haproxy.org/ingress-controller", None),
        ] {
            assert_eq!(Flavour::of_controller(controller), flavour, "{controller}");
        }
    }
}
