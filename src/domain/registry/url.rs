//! The address under which clients reach a registry.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Exposure, Registry};

/// By which port of something before the registry clients come, if that ends TLS.
const ALB_PORTS: &str = "alb.ingress.kubernetes.io/listen-ports";

/// Annotations that give an AWS load balancer a certificate.
const CERTIFICATES: [&str; 2] =
    ["alb.ingress.kubernetes.io/certificate-arn", "service.beta.kubernetes.io/aws-load-balancer-ssl-cert"];

/// Annotations by which Traefik ends TLS, perhaps with a certificate of its own.
const TRAEFIK_TLS: &str = "traefik.ingress.kubernetes.io/router.tls";
const TRAEFIK_ENTRIES: &str = "traefik.ingress.kubernetes.io/router.entrypoints";

impl Registry {
    /// The address that clients use; `None` while only the cluster knows the port of the node.
    pub fn url(&self) -> Option<String> {
        self.url_at(None)
    }

    /// The same, with the port that the cluster has chosen on the nodes.
    pub fn url_at(&self, chosen: Option<u16>) -> Option<String> {
        let inner = format!("{}.{}.svc", self.name, self.namespace);
        // Within the cluster the Service answers, whatever else there is.
        let Some(host) = self.host.as_deref() else {
            return Some(address(self.serves_tls(), &inner, self.service_port()));
        };
        let tls = self.external_tls.unwrap_or_else(|| self.is_tls_declared());
        let port = match &self.exposure {
            Exposure::Ingress(ingress) => secure_port(&ingress.annotations).filter(|_| tls).unwrap_or(usual_port(tls)),
            Exposure::Gateway(gateway) => gateway.port.unwrap_or(usual_port(tls)),
            Exposure::HostPort(port) => *port,
            Exposure::Service if self.service.r#type == "NodePort" => self.service.node_port.or(chosen)?,
            Exposure::Service => self.service_port(),
        };
        Some(address(tls, host, port))
    }

    /// Whether what is declared lets clients come by TLS.
    fn is_tls_declared(&self) -> bool {
        let of_service = has_certificate(&self.service.annotations);
        match &self.exposure {
            Exposure::Ingress(ingress) => {
                let notes = &ingress.annotations;
                let entries = notes.get(TRAEFIK_ENTRIES).is_some_and(|entries| entries.contains("websecure"));
                let by_traefik = entries || notes.get(TRAEFIK_TLS).is_some_and(|text| text == "true");
                let by_issuer = ingress.issuer.is_some() || self.tls_secret.is_some();
                by_issuer || by_traefik || has_certificate(notes) || secure_port(notes).is_some()
            }
            // Its listener is not of this registry. Only port 80 tells that it has no certificate.
            Exposure::Gateway(gateway) => gateway.port != Some(80),
            Exposure::HostPort(_) => self.serves_tls(),
            Exposure::Service => self.serves_tls() || of_service,
        }
    }
}

fn has_certificate(annotations: &BTreeMap<String, String>) -> bool {
    CERTIFICATES.iter().any(|name| annotations.get(*name).is_some_and(|text| !text.is_empty()))
}

/// The port at which an AWS load balancer speaks TLS: `[{"HTTP": 80}, {"HTTPS": 443}]`.
fn secure_port(annotations: &BTreeMap<String, String>) -> Option<u16> {
    let ports: Value = serde_json::from_str(annotations.get(ALB_PORTS)?).ok()?;
    let found = ports.as_array()?.iter().find_map(|port| port.get("HTTPS")?.as_u64())?;
    u16::try_from(found).ok()
}

fn usual_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

fn address(tls: bool, host: &str, port: u16) -> String {
    let scheme = if tls { "https" } else { "http" };
    if port == usual_port(tls) { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }
}
