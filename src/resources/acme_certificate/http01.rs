//! `http01 = { … }`: how names are proved by a file on their port 80, and what that needs.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::explain::Explanation;
use crate::provider::checks::{image, label, subdomain};
use crate::resources::toleration::{self, Toleration};
use crate::sdk::{Diagnostics, Model, Set, View, check};

/// How names are proved by a file: give `ingress_class` with `namespace`, and an Ingress of that class leads to the file, or
/// `listen`, and the provider itself serves it at port 80 of the names. Both only while the CA looks.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Http01 {
    /// Where the provider listens, as `ADDRESS:PORT` (`0.0.0.0:80`, `[::]:8080`). Port 80 of each name must lead there:
    /// directly, or by a load balancer or a proxy that passes `/.well-known/acme-challenge/` on.
    #[attr(check = check::text("must be an address to listen at", is_address))]
    pub listen: Option<String>,
    /// The class of the Ingress that leads each name's `/.well-known/acme-challenge/TOKEN` to a small Pod. The names must point
    /// at the load balancer of that class.
    #[attr(check = subdomain())]
    pub ingress_class: Option<String>,
    /// The namespace of that Ingress, its Service and its Pod, which are removed when the CA has looked. It must exist.
    #[attr(check = label())]
    pub namespace: Option<String>,
    /// The image of that Pod: one that has `httpd` of busybox, pulled with the pull secrets of the namespace's default
    /// service account. Default `docker.io/library/busybox:1.37`.
    #[attr(check = image())]
    pub image: Option<String>,
    /// Labels of the nodes that the Pod may run on.
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints of nodes that the Pod tolerates.
    pub tolerations: Option<Vec<Toleration>>,
    /// An address of this machine that the cluster's nodes reach, as `ADDRESS:PORT`: there is no Pod then, but the provider
    /// listens at the port, and the Ingress leads here.
    #[attr(check = check::text("must be an address and a port", is_address))]
    pub endpoint: Option<String>,
    /// The type of the Service: `ClusterIP`, or `NodePort` for load balancers that know nodes only. Default `ClusterIP`.
    #[attr(check = check::one_of(&["ClusterIP", "NodePort"]))]
    pub service_type: Option<String>,
    /// How the Ingress compares paths: `Exact`, `Prefix` or `ImplementationSpecific`, which ingress-nginx before 1.12.6 and
    /// 1.13.2 wants for paths with a dot. Default `Exact`.
    #[attr(check = check::one_of(&["Exact", "Prefix", "ImplementationSpecific"]))]
    pub path_type: Option<String>,
    /// Annotations of the Ingress, for example the group of a load balancer that it shall join.
    pub ingress_annotations: Option<BTreeMap<String, String>>,
    /// Labels of all these objects, beside those by which the provider knows them.
    pub labels: Option<BTreeMap<String, String>>,
    /// What is waited for before the CA is told to look: `reachable`, that the file is seen at `http://NAME/…` from here, where
    /// anything answers at the name at all; `ready`, that the Pod serves it. With `listen` nothing is waited for.
    /// Default `reachable`.
    #[attr(check = check::one_of(&["reachable", "ready"]))]
    pub wait: Option<String>,
    /// The names that are proved this way. Default: without `dns01` all that have no star, else the IP addresses only.
    pub names: Option<Set<String>>,
}

/// What belongs to an Ingress.
const OF_INGRESS: [&str; 10] = [
    "namespace",
    "image",
    "node_selector",
    "tolerations",
    "endpoint",
    "service_type",
    "path_type",
    "ingress_annotations",
    "labels",
    "wait",
];
/// What belongs to its Pod.
const OF_POD: [&str; 3] = ["image", "node_selector", "tolerations"];

/// Tests what the attributes' own checks cannot.
pub fn validate(config: View<'_>, found: &mut Diagnostics) {
    if !config.at("http01").is_given() {
        return;
    }
    toleration::check(config, "http01.tolerations", found);
    let mut complain = |code, what: String, next: &str, at: &str| {
        found.error(&Explanation::new(code, what).next(next).at(format!("http01.{at}")));
    };
    let seen = |name: &str| config.at(&format!("http01.{name}"));
    let (listen, class) = (seen("listen"), seen("ingress_class"));
    if (listen.is_null() && class.is_null()) || (listen.is_given() && class.is_given()) {
        let what = "`http01` needs exactly one of `ingress_class` and `listen`".to_owned();
        complain("BERTH-ACME-081", what, "choose who leads port 80 of the names to the file", "ingress_class");
    } else if class.is_given() && seen("namespace").is_null() {
        let what = "`http01.ingress_class` needs a namespace for its Ingress".to_owned();
        complain(
            "BERTH-ACME-082",
            what,
            "set `http01.namespace`, for example to that of `kubernetes_secret`",
            "namespace",
        );
    }
    for (given, names, with) in [("listen", &OF_INGRESS[..], "`ingress_class`"), ("endpoint", &OF_POD[..], "a Pod")] {
        for name in names.iter().filter(|name| seen(given).is_given() && seen(name).is_given()) {
            let what = format!("`http01.{name}` belongs to {with}, and `http01.{given}` is set");
            complain("BERTH-ACME-083", what, "leave one of the two out", name);
        }
    }
    let names = config.read::<Set<String>>("http01.names").unwrap_or_default();
    if let Some(name) = names.iter().find(|name| name.starts_with("*.")) {
        let what = format!("A wildcard cannot be proved by a file: `{name}` (RFC 8555 §8.3)");
        complain("BERTH-ACME-084", what, "leave it out of `http01.names`: it is proved by `dns01`", "names");
    }
}

fn is_address(text: &str) -> Result<(), String> {
    text.parse::<SocketAddr>().map(|_| ()).map_err(|_| format!("must be like `0.0.0.0:80`, and is `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk::Value;

    fn codes(pairs: &[(&str, Value)]) -> Vec<String> {
        let config = Value::object([("http01", Value::object(pairs.iter().cloned()))]);
        let mut found = Diagnostics::default();
        validate(View::new(&config), &mut found);
        found.codes()
    }

    #[test]
    fn a_file_is_served_by_an_ingress_or_by_the_provider() {
        let listen = || ("listen", Value::from("0.0.0.0:80"));
        let class = || ("ingress_class", Value::from("nginx"));
        let namespace = || ("namespace", Value::from("apps"));
        let image = || ("image", Value::from("busybox"));
        let cases = [
            (vec![listen()], vec![]),
            (vec![class(), namespace(), image()], vec![]),
            (vec![class(), ("namespace", Value::Unknown)], vec![]),
            (vec![("ingress_class", Value::Unknown)], vec![]),
            (vec![], vec!["BERTH-ACME-081"]),
            (vec![listen(), class()], vec!["BERTH-ACME-081"]),
            (vec![class()], vec!["BERTH-ACME-082"]),
            (vec![listen(), namespace(), image()], vec!["BERTH-ACME-083", "BERTH-ACME-083"]),
            (vec![class(), namespace(), image(), ("endpoint", Value::from("192.0.2.1:80"))], vec!["BERTH-ACME-083"]),
        ];
        for (config, expected) in cases {
            assert_eq!(codes(&config), expected, "{config:?}");
        }
    }

    #[test]
    fn a_wildcard_is_not_proved_by_a_file() {
        let names = Value::set(vec![Value::from("a.example"), Value::from("*.a.example")]);
        assert_eq!(codes(&[("listen", Value::from("0.0.0.0:80")), ("names", names)]), ["BERTH-ACME-084"]);
    }
}
