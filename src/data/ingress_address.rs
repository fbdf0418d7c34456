//! `berth_ingress_address`: where an Ingress, a Gateway or a Service of a cluster is reached, as soon as it has an address.

use std::time::Duration;

use crate::clients::cluster::Watched;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::load_balancer::{Addresses, addresses, cannot_have_one};
use crate::domain::registry::GATEWAY_API;
use crate::provider::checks::{label, subdomain};
use crate::provider::{Berth, Cx};
use crate::sdk::{Computed, Data, Explanation, Limits, Meta, Model, ReadTimeouts, Result, check};

/// How long an object may take to be there. Its load balancer may take as long as there is time.
const APPEARANCE: Duration = Duration::from_secs(10);

/// The data source.
pub struct IngressAddress;

/// What is asked and found.
#[derive(Clone, Debug, Model)]
pub struct IngressAddressModel {
    /// The namespace of the Ingress, Gateway or Service.
    #[attr(check = label())]
    pub namespace: String,
    /// Its name. What this configuration makes itself must be made before: take namespace and name from the attributes of the
    /// resource that makes it, or add `depends_on`, so that a plan does not look for it. An object that is not there is waited
    /// for ten seconds only.
    #[attr(check = subdomain())]
    pub name: String,
    /// `Ingress`, `Gateway` (of the Gateway API), or `Service` (of type `LoadBalancer`). Default `Ingress`.
    #[attr(default = "Ingress", check = check::one_of(&["Ingress", "Gateway", "Service"]))]
    pub kind: String,
    /// Whether to wait until there is an address, as long as `timeouts.read` allows (10 minutes by default). Without it, an object that has none
    /// yet leaves all answers empty. Default `true`.
    #[attr(default = true)]
    pub wait: bool,
    /// The first host name of the load balancer, such as that of an ELB.
    pub hostname: Computed<String>,
    /// The first IP address of the load balancer.
    pub ip: Computed<String>,
    /// All host names.
    pub hostnames: Computed<Vec<String>>,
    /// All IP addresses.
    pub ips: Computed<Vec<String>>,
    /// How long reading may take.
    pub timeouts: Option<ReadTimeouts>,
}

impl Data<Berth> for IngressAddress {
    type Model = IngressAddressModel;

    const NAME: &'static str = "berth_ingress_address";

    const META: Meta = Meta {
        // Clouds take minutes to make a load balancer.
        limits: Limits { read: Duration::from_mins(10), ..Limits::minutes(10) },
        ..Meta::new(
            "DNS",
            "The address of the load balancer that serves an Ingress, a Gateway or a Service. It watches the object until the address is \
             there, so that a record can name it in the same apply.",
        )
    };

    async fn read(&self, cx: &Cx, model: &mut IngressAddressModel) -> Result<()> {
        let object = match model.kind.as_str() {
            "Service" => ObjectRef::core("Service", &model.namespace, &model.name),
            "Gateway" => ObjectRef::namespaced(GATEWAY_API, "Gateway", &model.namespace, &model.name),
            _ => ObjectRef::namespaced("networking.k8s.io/v1", "Ingress", &model.namespace, &model.name),
        };
        let what = format!("Cannot find the address of the {object}");
        let cluster = cx.provider().cluster()?;
        let found = if model.wait {
            if !cluster.appears(cx.budget(), &object, APPEARANCE).await.map_err(|error| error.explain(&what))? {
                return Err(absent(&what, &object));
            }
            let waiting_for = format!("the load balancer of {object}");
            let judge = |seen: &serde_json::Value| match (addresses(seen), cannot_have_one(seen)) {
                (Some(found), _) => Watched::Done(Ok(found)),
                (None, Some(why)) => Watched::Done(Err(why)),
                (None, None) => Watched::NotYet("its load balancer has no address yet".to_owned()),
            };
            let judged = cluster.watch_until(cx.budget(), &object, &waiting_for, judge).await;
            judged.map_err(|error| error.explain(&what))?.map_err(|why| never(&what, &object, &why))?
        } else {
            let seen = cluster.get(cx.budget(), &object).await.map_err(|error| error.explain(&what))?;
            seen.as_ref().and_then(addresses).unwrap_or_default()
        };
        let Addresses { hostnames, ips } = found;
        model.hostname.set(hostnames.first().cloned());
        model.ip.set(ips.first().cloned());
        model.hostnames.set(hostnames);
        model.ips.set(ips);
        Ok(())
    }
}

fn absent(what: &str, object: &ObjectRef) -> Explanation {
    Explanation::new("BERTH-K8S-073", what)
        .on(format!("{object}: there is no such object, and none came within {} seconds", APPEARANCE.as_secs()))
        .next(
            "if this configuration makes it, let the data source wait for that: take its namespace and name from the \
             resource's attributes, or add depends_on = [that resource]; else correct namespace, name or kind",
        )
        .at("name")
}

fn never(what: &str, object: &ObjectRef, why: &str) -> Explanation {
    Explanation::new("BERTH-K8S-070", what)
        .on(object.to_string())
        .said("The cluster", why)
        .next("name an Ingress, a Gateway, or a Service of type LoadBalancer")
        .at("name")
}
