//! Challenge files behind an Ingress of the cluster: served, waited for, and cleared away.

use std::net::{IpAddr, SocketAddr};

use futures_util::future::join_all;

use crate::clients::acme::AcmeError;
use crate::clients::acme::issue::{HttpFile, Missed, wait_for_file};
use crate::clients::cluster::ClusterError;
use crate::domain::http01_solver::{DEFAULT_IMAGE, File, Server, Site, Solver};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::{Budget, Stopped};

use super::http01::Http01;
use super::model::Certificate;

const WHAT: &str = "Cannot serve the files of the http-01 challenges in the cluster";

/// Where the files of a certificate are served; `None` if no Ingress does.
pub fn site(model: &Certificate) -> Option<Site> {
    let http01 = model.http01.as_ref()?;
    let namespace = http01.namespace.as_ref().filter(|_| http01.ingress_class.is_some())?;
    let certificate = match &model.kubernetes_secret {
        Some(place) => format!("{}/{}", place.namespace, place.name),
        // Its key is nowhere in the cluster: its names tell it from others.
        None => model.names().join(" "),
    };
    Some(Site::new(namespace, &certificate, http01.endpoint.is_none()))
}

/// Where the provider listens for the Ingress, if it is the endpoint itself: the address may be a router's.
pub fn listen_address(http01: &Http01) -> Option<SocketAddr> {
    let endpoint: SocketAddr = http01.endpoint.as_ref()?.parse().ok()?;
    let any = if endpoint.is_ipv4() { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) };
    Some(SocketAddr::new(any, endpoint.port()))
}

/// Serves files at a site, until [`clear`] is called for it.
pub async fn serve(
    cx: &Cx,
    http01: &Http01,
    site: &Site,
    files: &[HttpFile],
    budget: &Budget,
) -> Result<(), Explanation> {
    let solver = solver(http01, site.clone(), files);
    let cluster = cx.provider().cluster()?;
    cluster.start_solver(budget, &solver).await.map_err(|error| told(&error, site))?;
    tracing::info!(%site, files = files.len(), "serving http-01 challenges through an ingress");
    if http01.wait.as_deref() == Some("ready") {
        return Ok(());
    }
    let dns = cx.provider().dns()?;
    let seen = join_all(files.iter().map(|file| wait_for_file(file, &dns, budget))).await;
    seen.into_iter().zip(files).try_for_each(|(seen, file)| judge(seen, file, http01))
}

/// Whether the CA may look: also if nothing is to be seen from here, since it may see more.
fn judge(seen: Result<(), Missed>, file: &HttpFile, http01: &Http01) -> Result<(), Explanation> {
    match seen {
        Ok(()) => Ok(()),
        Err(Missed::Silent(sight)) => {
            tracing::warn!(name = file.domain, sight, "the challenge's file cannot be looked at from here; the CA decides");
            Ok(())
        }
        Err(Missed::Wrong(sight)) => Err(Explanation::new("BERTH-ACME-080", WHAT)
            .on(format!("the challenge for {}", file.domain))
            .said("port 80 of the name", sight)
            .next(format!(
                "let `{}` point at the load balancer of the class `{}`, and let no other Ingress, redirect or login stand before \
                 `/.well-known/acme-challenge/`. If only this machine is led elsewhere, set `http01.wait = \"ready\"`. The CA was \
                 not told to look, and the order stays open",
                file.domain,
                http01.ingress_class.as_deref().unwrap_or_default()
            ))
            .at("http01.ingress_class")),
        Err(Missed::Interrupted) => {
            let doing = "the files of the http-01 challenges are looked at".to_owned();
            let stopped = AcmeError::Stopped { doing, last: None, stopped: Stopped::Interrupted, order: None };
            Err(stopped.explain(WHAT))
        }
    }
}

fn solver(http01: &Http01, site: Site, files: &[HttpFile]) -> Solver {
    let server = match http01.endpoint.as_ref().and_then(|text| text.parse().ok()) {
        Some(endpoint) => Server::Endpoint(endpoint),
        None => Server::Pod {
            image: http01.image.clone().unwrap_or_else(|| DEFAULT_IMAGE.to_owned()),
            node_selector: http01.node_selector.clone().unwrap_or_default(),
            tolerations: http01.tolerations.iter().flatten().map(Into::into).collect(),
        },
    };
    Solver {
        site,
        ingress_class: http01.ingress_class.clone().unwrap_or_default(),
        path_type: http01.path_type.clone().unwrap_or_else(|| "Exact".to_owned()),
        ingress_annotations: http01.ingress_annotations.clone().unwrap_or_default(),
        service_type: http01.service_type.clone().unwrap_or_else(|| "ClusterIP".to_owned()),
        labels: http01.labels.clone().unwrap_or_default(),
        server,
        files: files.iter().map(file).collect(),
    }
}

fn file(file: &HttpFile) -> File {
    let HttpFile { domain, token, content } = file.clone();
    let host = Some(domain).filter(|domain| domain.parse::<IpAddr>().is_err());
    File { host, token, content }
}

/// Removes what stands at a site, as [`Site`] writes it; none is a success.
pub async fn clear(cx: &Cx, site: &str, budget: &Budget) -> Result<(), Explanation> {
    let Some(site) = Site::parse(site) else { return Ok(()) };
    let removed = cx.provider().cluster()?.remove_solver(budget, &site).await;
    removed
        .map(|_| ())
        .map_err(|error| error.explain(format!("Cannot remove the solver of http-01 challenges at {site}")))
}

fn told(error: &ClusterError, site: &Site) -> Explanation {
    let explanation = error.explain(WHAT);
    match error {
        ClusterError::NamespaceMissing { .. } | ClusterError::NamespaceTerminating { .. } => {
            explanation.at("http01.namespace")
        }
        ClusterError::Stuck { obstacle, .. } => explanation
            .next(format!("{} (`http01.image`, `http01.node_selector`, `http01.tolerations`), then apply again: the order \
                stays open, and what was made in the cluster was removed", obstacle.kind.remedy()))
            .at("http01"),
        // Who lacks a right is told so by the same answer as who meets a quota, a Pod security standard or a webhook.
        ClusterError::Forbidden { .. } | ClusterError::Invalid { .. } => explanation
            .next(format!(
                "if a right is missing, grant get, create and delete of pods, services and ingresses in `{}`. Else satisfy the \
                 quota, policy or webhook that the cluster names: `http01.path_type`, `http01.ingress_annotations` and \
                 `http01.labels` change the objects, and `http01.namespace` their place",
                site.namespace
            ))
            .at("http01"),
        _ => explanation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::acme_certificate::model::destination::Destination;

    #[test]
    fn a_certificate_has_one_site_which_its_names_do_not_move() {
        let http01 = |namespace: Option<&str>| Http01 {
            ingress_class: namespace.map(|_| "nginx".to_owned()),
            namespace: namespace.map(str::to_owned),
            ..Http01::default()
        };
        let place = Destination { namespace: "apps".to_owned(), name: "web-tls".to_owned(), ..Destination::default() };
        let mut model =
            Certificate { http01: Some(http01(Some("web"))), kubernetes_secret: Some(place), ..Certificate::default() };
        let first = site(&model).unwrap();
        model.dns_names.0.push("a.example".to_owned());
        assert_eq!(site(&model), Some(first.clone()));
        model.kubernetes_secret = None;
        assert_ne!(site(&model), Some(first));
        assert_eq!(site(&Certificate { http01: Some(http01(None)), ..model }), None);
    }

    #[test]
    fn an_endpoint_is_listened_at_on_all_addresses_of_its_family() {
        let at = |text: &str| listen_address(&Http01 { endpoint: Some(text.to_owned()), ..Http01::default() });
        assert_eq!(at("192.0.2.1:8080").unwrap().to_string(), "0.0.0.0:8080");
        assert_eq!(at("[2001:db8::1]:8080").unwrap().to_string(), "[::]:8080");
    }

    #[test]
    fn a_quota_and_a_missing_right_are_told_with_both_ways_out() {
        let error = ClusterError::Forbidden {
            verb: crate::clients::cluster::Verb::Create,
            object: "Pod apps/x".to_owned(),
            words: "exceeded quota".to_owned(),
        };
        let told = told(&error, &Site::new("apps", "x", true)).detail();
        assert!(told.contains("exceeded quota") && told.contains("create and delete of pods"), "{told}");
    }
}
