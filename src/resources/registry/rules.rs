//! What of a registry's configuration cannot be, or is hardly meant.

mod way_in;

pub use way_in::OLD_CLASS;

use crate::domain::htpasswd::Htpasswd;
use crate::domain::image::ImageReference;
use crate::domain::kubernetes_name::is_service_name_everywhere;
use crate::domain::quantity::{Quantity, likely_meant};
use crate::domain::region;
use crate::domain::s3_name::bucket_fault;
use crate::explain::Explanation;
use crate::resources::toleration;
use crate::sdk::{Diagnostics, Seen, Value, View};

/// The ports that clusters give to nodes unless told otherwise (`--service-node-port-range`).
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;

/// All that can be told without the cluster.
pub fn check(config: View<'_>, found: &mut Diagnostics) {
    storage(config, found);
    way_in::check(config, found);
    service(config, found);
    users(config, found);
    anonymity(config, found);
    identity(config, found);
    upstream(config, found);
    replicas_of_a_cache(config, found);
    resources(config, found);
    units(config, found);
    bucket(config, found);
    toleration::check(config, "tolerations", found);
}

fn complaint(what: &str, next: &str, at: &str) -> Explanation {
    Explanation::new("BERTH-REG-002", what).next(next).at(at)
}

/// Exactly one storage, and one that the replicas can share.
fn storage(config: View<'_>, found: &mut Diagnostics) {
    let kinds = ["storage.s3", "storage.volume", "storage.ephemeral"];
    let seen: Vec<Seen<'_>> = kinds.iter().map(|kind| config.at(kind)).collect();
    let known = seen.iter().filter(|it| matches!(it, Seen::Known(_))).count();
    let unknown = seen.iter().any(|it| it.is_unknown());
    if known > 1 || (known == 0 && !unknown) {
        let next = "give one of s3 = { … }, volume = { … } and ephemeral = {}";
        found.error(&complaint("`storage` must name exactly one kind of storage", next, "storage"));
    }
    if config.integer("replicas").unwrap_or(1) <= 1 {
        return;
    }
    let modes: Option<Vec<String>> = config.read("storage.volume.access_modes");
    let shared = modes.is_some_and(|modes| modes.iter().any(|mode| mode == "ReadWriteMany"));
    let volume = matches!(config.at("storage.volume"), Seen::Known(_));
    let modes_unknown = config.at("storage.volume.access_modes").is_unknown();
    if (volume && !shared && !modes_unknown) || matches!(config.at("storage.ephemeral"), Seen::Known(_)) {
        let next = "set replicas = 1, or use a bucket or a volume with access_modes = [\"ReadWriteMany\"]";
        found.error(&complaint("`replicas` above 1 needs storage that they can share", next, "replicas"));
    }
}

/// What goes with which type of Service (Kubernetes, `ValidateService`).
fn service(config: View<'_>, found: &mut Diagnostics) {
    if let Some(name) = config.text("name").filter(|name| !is_service_name_everywhere(name)) {
        let what = format!("A Service called `{name}` is refused by many clusters: its name begins with a digit");
        let next = "begin the name with a letter, unless the cluster has RelaxedServiceNameValidation";
        found.warning(&complaint(&what, next, "name"));
    }
    let kind = config.at("service.type");
    if kind.is_unknown() {
        return;
    }
    let kind = kind.known().and_then(Value::as_str).unwrap_or("ClusterIP");
    if kind == "ClusterIP" && config.at("service.node_port").is_given() {
        let what = "`service.node_port` needs a Service that has ports on the nodes, and `service.type` is `ClusterIP`";
        let next = "set service.type = \"NodePort\" or \"LoadBalancer\", or remove node_port";
        found.error(&complaint(what, next, "service.node_port"));
    }
    for name in ["load_balancer_class", "load_balancer_source_ranges"] {
        let at = format!("service.{name}");
        if kind != "LoadBalancer" && config.at(&at).is_given() && config.text(&at) != Some("") {
            let what = format!("`{at}` needs a Service with a load balancer, and `service.type` is `{kind}`");
            found.error(&complaint(&what, "set service.type = \"LoadBalancer\", or remove it", &at));
        }
    }
    if let Some(port) = config.integer("service.node_port").filter(|port| !NODE_PORTS.contains(port)) {
        let what = format!("The port {port} of the nodes is refused by most clusters");
        let next = "choose one between 30000 and 32767, unless the cluster has another service-node-port-range";
        found.warning(&complaint(&what, next, "service.node_port"));
    }
}

/// Users by one way, each with a password.
fn users(config: View<'_>, found: &mut Diagnostics) {
    if config.at("users").is_given() && config.at("htpasswd").is_given() {
        found.error(&complaint("`users` and `htpasswd` exclude each other", "keep one of the two", "htpasswd"));
    }
    let file = config.text("htpasswd").and_then(|text| Htpasswd::parse(text).ok()).unwrap_or_default();
    let slow: Vec<&str> = file.slow_users().collect();
    if !slow.is_empty() {
        let what = format!("Each request of {} will take long", slow.join(", "));
        let next = "hash the passwords with a lower cost, such as 10: the registry checks them at each request";
        found.warning(&complaint(&what, next, "htpasswd"));
    }
    if config.at("proxy.password_wo").is_given() && config.at("proxy.username").is_null() {
        let what = "`proxy.password_wo` is used with `proxy.username` only: the registry will not log in";
        found.warning(&complaint(what, "set proxy.username, or remove the password", "proxy.username"));
    }
}

/// Nobody needs a login where nobody has one.
fn anonymity(config: View<'_>, found: &mut Diagnostics) {
    let has_users = config.at("users").is_given() || config.at("htpasswd").is_given();
    if config.truth("anonymous") == Some(true) && has_users {
        let what = "`anonymous` says that nobody needs a login, and there are users";
        found.error(&complaint(what, "remove anonymous, or the users", "anonymous"));
    }
}

fn one_alone(one: Seen<'_>, other: Seen<'_>) -> bool {
    (one.is_given() && other.is_null()) || (one.is_null() && other.is_given())
}

/// Docker Hub has many addresses, and answers the questions of a registry at one.
fn upstream(config: View<'_>, found: &mut Diagnostics) {
    let address = config.text("proxy.remote_url").unwrap_or_default();
    let host = address.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
    if ["docker.io", "www.docker.io", "docker.com", "www.docker.com", "hub.docker.com"].contains(&host) {
        let what = format!("No registry answers at `{address}`: the cache could pull nothing");
        let next = "set proxy.remote_url = \"https://registry-1.docker.io\", which is Docker Hub's registry";
        found.warning(&Explanation::new("BERTH-REG-090", what).next(next).at("proxy.remote_url"));
    }
    if address.trim_end_matches('/').ends_with("/v2") {
        let what = format!("The registry adds `/v2/` to `{address}` itself: the cache could pull nothing");
        let next = "leave that part out of proxy.remote_url";
        found.warning(&complaint(&what, next, "proxy.remote_url"));
    }
}

/// What replicas of a cache do not know of each other (`proxy/scheduler`): each writes the one list of what is to go.
fn replicas_of_a_cache(config: View<'_>, found: &mut Diagnostics) {
    if config.at("proxy").is_given() && config.integer("replicas").is_some_and(|replicas| replicas > 1) {
        let what = "Replicas of a cache overwrite each other's list of what has been kept long enough: some of it stays for good";
        let next = "set replicas = 1, or clear the storage from time to time";
        found.warning(&complaint(what, next, "replicas"));
    }
}

/// The major version of the registry, if the image's name tells it.
fn major_version(config: View<'_>) -> Option<u32> {
    config.text("image")?.parse::<ImageReference>().ok()?.major_version()
}

/// The keys of a bucket belong together, and the second major version knows no other identity.
fn identity(config: View<'_>, found: &mut Diagnostics) {
    let (access, secret) = (config.at("storage.s3.access_key"), config.at("storage.s3.secret_key_wo"));
    let in_bucket = matches!(config.at("storage.s3"), Seen::Known(_));
    if in_bucket && one_alone(access, secret) {
        let next = "set access_key and secret_key_wo, or neither: then the Pods use their own identity";
        found.error(&complaint("`access_key` and `secret_key_wo` belong together", next, "storage.s3.access_key"));
    }
    let annotations = config.at("service_account.annotations").known();
    let role = annotations.map(|map| map.member("eks.amazonaws.com/role-arn"));
    let by_role = role.and_then(Value::as_str).is_some_and(|role| !role.is_empty());
    let is_old = major_version(config).is_some_and(|major| major < 3);
    if in_bucket && by_role && access.is_null() && is_old {
        let next = "use registry:3, or give the bucket's access_key and secret_key_wo";
        let what = "Registries before version 3 do not know the role of a service account";
        found.error(&complaint(what, next, "image"));
    }
}

/// Nobody is set aside more than allowed (Kubernetes, `ValidateResourceRequirements`).
fn resources(config: View<'_>, found: &mut Diagnostics) {
    let amounts = |part: &str| config.at(&format!("resources.{part}")).known().and_then(Value::members);
    for (name, asked) in amounts("requests").into_iter().flatten() {
        let limit = amounts("limits").and_then(|limits| limits.get(name)).and_then(Value::as_str);
        let (Some(asked), Some(limit)) = (asked.as_str(), limit) else { continue };
        let (Some(more), Some(most)) = (Quantity::parse(asked), Quantity::parse(limit)) else { continue };
        if more > most {
            let what = format!("More {name} is asked for (`{asked}`) than the limit allows (`{limit}`)");
            found.error(&complaint(&what, "raise the limit, or ask for less", "resources.requests"));
        }
    }
}

/// Amounts whose unit is hardly the one that was meant: Kubernetes takes them all.
fn units(config: View<'_>, found: &mut Diagnostics) {
    let mut tell = |resource: &str, amount: &str, at: &str| {
        let Some(meant) = likely_meant(resource, amount) else { return };
        let what = format!("`{amount}` of {resource} is hardly meant");
        let next =
            format!("write `{meant}` if that is meant: the suffix `m` is a thousandth, `Mi` are 1024 times 1024");
        found.warning(&Explanation::new("BERTH-REG-013", what).next(next).at(at));
    };
    for part in ["resources.requests", "resources.limits"] {
        let amounts = config.at(part).known().and_then(Value::members);
        for (resource, amount) in amounts.into_iter().flatten() {
            tell(resource, amount.as_str().unwrap_or_default(), part);
        }
    }
    for at in ["storage.volume.size", "storage.ephemeral.size_limit"] {
        tell("storage", config.text(at).unwrap_or_default(), at);
    }
}

/// Names that AWS does not have; another S3 has rules of its own.
fn bucket(config: View<'_>, found: &mut Diagnostics) {
    if !config.at("storage.s3.endpoint").is_null() {
        return;
    }
    let mut warn = |what: String, next: String, at: &str| {
        found.warning(&Explanation::new("BERTH-REG-014", what).next(next).at(at));
    };
    if let Some((name, fault)) = config.text("storage.s3.bucket").and_then(|name| Some((name, bucket_fault(name)?))) {
        let next = "correct the name, or set storage.s3.endpoint if the bucket is not AWS's";
        warn(format!("AWS has no bucket called `{name}`: {fault}"), next.to_owned(), "storage.s3.bucket");
    }
    if let Some(name) = config.text("storage.s3.region").filter(|name| !region::is_region(name)) {
        let meant = region::meant(name).map_or_else(String::new, |meant| format!("write `{meant}` if that is meant, "));
        let next = format!("{meant}correct the region, or set storage.s3.endpoint if the bucket is not AWS's");
        warn(format!("AWS has no region called `{name}`: the registry will not start"), next, "storage.s3.region");
    }
    let major = major_version(config);
    if let Some(name) = config.text("storage.s3.region").filter(|name| region::is_unknown_to_registry(name, major)) {
        let next =
            format!("set storage.s3.endpoint = \"https://s3.{name}.amazonaws.com\", with which it takes any region");
        let what =
            format!("The registry does not know the region `{name}`, which is younger than it, and will not start");
        warn(what, next, "storage.s3.region");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A configuration of these attributes, and a storage.
    fn config(parts: &[(&str, Value)]) -> Value {
        let storage = Value::object([("ephemeral", Value::object::<&str>([]))]);
        let parts = parts.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Value::object(
            [("name".to_owned(), Value::from("hub")), ("storage".to_owned(), storage)].into_iter().chain(parts),
        )
    }

    fn object<const N: usize>(parts: [(&str, Value); N]) -> Value {
        Value::object(parts)
    }

    /// What is told: severity, attribute, summary.
    fn told(parts: &[(&str, Value)]) -> Vec<String> {
        let (config, mut found) = (config(parts), Diagnostics::default());
        check(View::new(&config), &mut found);
        found.iter().map(|it| format!("{:?} at {}: {}", it.severity, it.attribute(), it.summary())).collect()
    }

    #[track_caller]
    fn assert_told(parts: &[(&str, Value)], expected: &str) {
        let told = told(parts);
        assert!(told.len() == 1 && told[0].contains(expected), "{told:?}");
    }

    fn text(text: &str) -> Value {
        Value::from(text)
    }

    #[test]
    fn what_the_cluster_would_refuse_at_the_last_object_is_told_at_first() {
        let users = ("users", object([("ann", object([("password_wo", text("secret"))]))]));
        let with = |part: (&'static str, Value)| [part, users.clone()];
        let service = |parts: [(&str, Value); 2]| with(("service", object(parts)));
        assert_told(&with(("service", object([("node_port", Value::from(30500))]))), "Error at service.node_port");
        assert_told(
            &service([("type", text("ClusterIP")), ("node_port", Value::from(30500))]),
            "Error at service.node_port",
        );
        assert_told(
            &service([("type", text("NodePort")), ("node_port", Value::from(8443))]),
            "Warning at service.node_port",
        );
        assert_told(
            &service([("type", text("NodePort")), ("load_balancer_class", text("nlb"))]),
            "Error at service.load_balancer_class",
        );
        let class = object([("class", text("traefik")), ("annotations", object([(OLD_CLASS, text("nginx"))]))]);
        assert_told(&[("host", text("hub.test")), ("ingress", class), users.clone()], "Error at ingress.class");
        let gateway = |more: (&str, Value)| object([("parent", object([("name", text("edge"))])), more]);
        let plain = || ("gateway", gateway(("port", Value::from(443))));
        assert_told(&[plain(), users.clone()], "Error at host: `host` is needed for a Gateway");
        let host = || ("host", text("hub.test"));
        let tls = ("tls", object([("secret_name", text("hub-tls"))]));
        assert_told(&[host(), plain(), users.clone(), tls], "Error at tls");
        let both = ("ingress", object([("class", text("traefik"))]));
        assert_told(&[host(), plain(), users.clone(), both], "Error at gateway: `ingress` and `gateway` exclude");
        let timeouts = object([("request", text("10s")), ("backend_request", text("1m"))]);
        let longer = ("gateway", gateway(("timeouts", timeouts)));
        assert_told(&[host(), longer, users.clone()], "Error at gateway.timeouts.backend_request");
        let resources =
            object([("requests", object([("cpu", text("2"))])), ("limits", object([("cpu", text("500m"))]))]);
        assert_told(&[("resources", resources)], "Error at resources.requests");
        let toleration = object([("operator", text("Exists")), ("key", text("a")), ("value", text("b"))]);
        assert_told(&[("tolerations", Value::List(vec![toleration]))], "Error at tolerations[0]");
        let toleration = object([("value", text("b"))]);
        assert_told(&[("tolerations", Value::List(vec![toleration]))], "must have the operator `Exists`");
        assert_told(&[("name", text("3hub"))], "Warning at name");
    }

    #[test]
    fn what_the_cluster_takes_is_taken() {
        let service = |parts: [(&str, Value); 2]| object(parts);
        let both = object([("class", text("nginx")), ("annotations", object([(OLD_CLASS, text("nginx"))]))]);
        let users = ("users", object([("ann", object([("password_wo", text("secret"))]))]));
        for parts in [
            vec![("service", service([("type", Value::Unknown), ("node_port", Value::from(30500))]))],
            vec![
                ("service", service([("type", text("LoadBalancer")), ("node_port", Value::from(30500))])),
                users.clone(),
            ],
            vec![("host", text("hub.test")), ("ingress", both), users],
            vec![("tolerations", Value::List(vec![object([("operator", text("Exists"))])]))],
            vec![("tolerations", Value::List(vec![object([("key", Value::Unknown)])]))],
        ] {
            assert_eq!(told(&parts), Vec::<String>::new(), "{parts:?}");
        }
    }

    #[test]
    fn units_and_names_that_are_hardly_meant_are_told() {
        let resources = object([("limits", object([("memory", text("512m"))]))]);
        assert_told(&[("resources", resources)], "Warning at resources.limits: `512m` of memory is hardly meant");
        let volume = |size: &str| object([("volume", object([("size", text(size))]))]);
        assert_told(&[("storage", volume("10"))], "Warning at storage.volume.size");
        assert_eq!(told(&[("storage", volume("10Gi"))]), Vec::<String>::new());
        let s3 = |bucket: &str, region: &str, more: Option<(&str, Value)>| {
            let parts = [("bucket", text(bucket)), ("region", text(region))];
            ("storage", object([("s3", Value::object(parts.into_iter().chain(more)))]))
        };
        assert_told(&[s3("My_Images", "eu-central-1", None)], "Warning at storage.s3.bucket: AWS has no bucket called");
        assert_told(&[s3("images", "eu-central1", None)], "Warning at storage.s3.region: AWS has no region called");
        let elsewhere = ("endpoint", text("http://minio.apps:9000"));
        for quiet in [
            s3("My_Images", "minio", Some(elsewhere)),
            s3("images", "eu-central-1", None),
            s3("images", "us-iso-east-1", Some(("endpoint", Value::Unknown))),
            s3("arn:aws:s3:eu-central-1:123456789012:accesspoint/images", "eu-central-1", None),
        ] {
            assert_eq!(told(&[quiet]), Vec::<String>::new());
        }
    }

    #[test]
    fn nobody_needs_a_login_where_nobody_has_one() {
        let users = || ("users", object([("ann", object([("password_wo", text("secret"))]))]));
        assert_told(&[("anonymous", Value::Bool(true)), users()], "Error at anonymous");
        assert_eq!(told(&[("anonymous", Value::Bool(false)), users()]), Vec::<String>::new());
    }

    #[test]
    fn what_a_cache_or_an_old_registry_cannot_do_is_told() {
        let anonymous = ("anonymous", Value::from(true));
        let proxy = |url: &str| ("proxy", object([("remote_url", text(url))]));
        assert_told(&[proxy("https://hub.test/v2/"), anonymous.clone()], "Warning at proxy.remote_url");
        let in_region = |region: &str| object([("s3", object([("bucket", text("images")), ("region", text(region))]))]);
        let of = |image: &str, region: &str| {
            told(&[("storage", in_region(region)), ("image", text(image)), anonymous.clone()])
        };
        for (image, region, is_told) in [
            ("registry:2.8.3", "eu-north-1", true),
            ("registry:2.8.3", "eu-west-1", false),
            ("registry:3", "eu-north-1", false),
            ("registry:3", "mx-central-1", true),
        ] {
            let told = of(image, region);
            assert_eq!(
                told.iter().any(|it| it.contains("does not know the region")),
                is_told,
                "{image} {region}: {told:?}"
            );
        }
    }

    #[test]
    fn a_role_is_missed_only_where_it_is_given_and_needed() {
        let role =
            |arn: Value| ("service_account", object([("annotations", object([("eks.amazonaws.com/role-arn", arn)]))]));
        let bucket = ("storage", object([("s3", object([("bucket", text("images")), ("region", text("eu-west-1"))]))]));
        let image = ("image", text("registry:2.8.3"));
        assert_told(&[bucket.clone(), image.clone(), role(text("arn:aws:iam::1:role/r"))], "Error at image");
        assert_eq!(told(&[bucket, image.clone(), role(Value::Null)]), Vec::<String>::new());
        assert_eq!(told(&[image, role(text("arn:aws:iam::1:role/r"))]), Vec::<String>::new(), "no bucket");
    }
}
