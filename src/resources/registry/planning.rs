//! What a plan can know of a registry, and what of a volume's claim it must refuse.

use crate::domain::quantity::Quantity;
use crate::domain::registry::{Registry, claim_ref};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Model as _, Path, Plan, Result, Value, View};

use crate::resources::write_only::Kept;

use super::IMPORTED;
use super::model::{Declared, Volume};

/// The password of a user that the registry has already may be left out.
const PASSWORDS: Kept = Kept { map: "users", secret: "password_wo", belongs_to: &[] };

/// Refuses users whose password is not given and not known to the registry.
///
/// # Errors
/// The first of them.
pub fn refuse_users_without_password(plan: &Plan<'_>) -> Result<()> {
    let Some(user) = PASSWORDS.first_needed(plan) else { return Ok(()) };
    Err(Explanation::new("BERTH-REG-001", format!("The user `{user}` has no password"))
        .next("set password_wo; it may be left out later, as long as password_wo_version stays the same")
        .at(format!("users[\"{user}\"]")))
}

/// Whether the apply is to set something right: what a refresh has found, or passwords that an import could not find. Where
/// none are declared, they stay as they are.
pub fn has_drifted(cx: &Cx, plan: &mut Plan<'_>) -> bool {
    let found = plan.prior().read::<Vec<String>>("drift").unwrap_or_default();
    let is_new = cx.recall::<bool>(IMPORTED).is_some() && (PASSWORDS.is_given(plan) || has_other_secrets(plan));
    if is_new {
        let name = plan.planned().text("name").unwrap_or_default();
        let what =
            format!("The registry `{name}` was imported without its passwords: the apply sets those that are declared");
        let next = "nothing needs to be done; leave password_wo of a user out to keep the one that the registry knows";
        plan.warn(&Explanation::new("BERTH-REG-018", what).next(next));
    }
    is_new || !found.is_empty()
}

fn has_other_secrets(plan: &Plan<'_>) -> bool {
    ["htpasswd", "storage.s3.secret_key_wo", "proxy.password_wo"].iter().any(|name| plan.config().at(name).is_given())
}

/// What neither the address nor the configuration file depends on.
const ASIDE: [&str; 10] = [
    "service_account.annotations",
    "resources",
    "node_selector",
    "tolerations",
    "image_pull_secrets",
    "security_context",
    "restart_triggers",
    "tls.revision",
    "timeouts",
    "proxy.password_wo_version",
];

/// What else the configuration file does not depend on.
const NOT_IN_FILE: [&str; 8] = [
    "service",
    "ingress.annotations",
    "ingress.issuer",
    "gateway.parent",
    "gateway.hostnames",
    "gateway.port",
    "gateway.timeouts",
    "gateway.annotations",
];

/// What else the address does not depend on.
const NOT_IN_ADDRESS: [&str; 6] =
    ["proxy", "headers", "gateway.parent", "gateway.hostnames", "gateway.timeouts", "gateway.annotations"];

/// Fills in what can be known before the apply, and answers what is planned as far as that is known.
pub fn fill(plan: &mut Plan<'_>) -> Option<(Declared, Registry)> {
    let file = without(plan.planned(), &NOT_IN_FILE).and_then(|planned| decoded(&planned));
    if let Some((model, registry)) = &file {
        plan.set("config_yaml", Value::from(registry.config_yaml()));
        plan.set("config_digest", Value::from(registry.config_digest()));
        plan.set("objects", Value::from(model.objects(registry)));
    }
    if let Some((_, registry)) =
        without(plan.planned(), &NOT_IN_ADDRESS).map(without_storage).and_then(|planned| decoded(&planned))
    {
        match registry.url() {
            Some(url) => plan.set("url", Value::from(url)),
            None => keep_url(plan),
        }
    }
    file
}

/// The port that the cluster has chosen stays as long as the Service does.
fn keep_url(plan: &mut Plan<'_>) {
    let parts = ["namespace", "name", "host", "host_port", "ingress", "gateway", "service", "tls", "external_tls"];
    if !plan.is_create() && !parts.iter().any(|part| plan.changes(part)) {
        plan.keep(&["url"]);
    }
}

fn decoded(planned: &Value) -> Option<(Declared, Registry)> {
    let model = Declared::decode(planned, &Path::root()).ok()?;
    let registry = model.registry().ok()?;
    Some((model, registry))
}

/// The planned values, with nothing in the place of what is unknown and does not matter.
fn without(planned: View<'_>, parts: &[&str]) -> Option<Value> {
    let mut planned = planned.value().clone();
    for part in ASIDE.iter().chain(parts) {
        blank(&mut planned, part, &Value::Null);
    }
    // Whether there is a certificate counts, not which Secret holds it; whether there are users, not who they are.
    blank(&mut planned, "tls.secret_name", &Value::from("unknown"));
    if let Some(users) = planned.members_mut()?.get_mut("users").and_then(Value::members_mut) {
        for user in users.values_mut() {
            *user = Value::object::<&str>([]);
        }
    }
    Some(planned)
}

fn without_storage(mut planned: Value) -> Value {
    let storage = Value::object([("ephemeral", Value::object::<&str>([]))]);
    if let Some(members) = planned.members_mut() {
        members.insert("storage".to_owned(), storage);
    }
    planned
}

/// Puts `with` in the place of what stands at a dotted path, if that is not wholly known.
fn blank(value: &mut Value, path: &str, with: &Value) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let Some(member) = value.members_mut().and_then(|members| members.get_mut(first)) else { return };
    match rest {
        Some(rest) => blank(member, rest, with),
        None if !member.is_wholly_known() => *member = with.clone(),
        None => {}
    }
}

/// Refuses what a claim cannot become: smaller, of another class, mounted in another way.
///
/// # Errors
/// The attribute with both values. A claim that is gone, or that never got a volume, is made anew and may be any.
pub async fn refuse_claim(cx: &Cx, plan: &Plan<'_>) -> Result<()> {
    let volume = |view: View<'_>| view.read::<Volume>("storage.volume");
    let (Some(before), Some(after)) = (volume(plan.prior()), volume(plan.planned())) else { return Ok(()) };
    if plan.changes("namespace") || plan.changes("name") {
        return Ok(());
    }
    let (Some(namespace), Some(name)) = (plan.planned().text("namespace"), plan.planned().text("name")) else {
        return Ok(());
    };
    if !plan.changes("storage") {
        return Ok(());
    }
    let claim = claim_ref(namespace, name);
    // An apply that the cluster refused has left the state ahead of the claim, which counts.
    let before = match super::volume::look(cx, &claim).await {
        Some(None) => return Ok(()),
        Some(Some(live)) => Volume { delete_on_destroy: before.delete_on_destroy, ..live },
        None => before,
    };
    let Some((at, was, is)) = impossible(&before, &after) else { return Ok(()) };
    let what = format!("The volume of the registry `{namespace}/{name}` cannot be changed so");
    Err(Explanation::new("BERTH-REG-011", what)
        .on(format!("{claim}: {at} is {was}, planned {is}"))
        .next(format!(
            "set it to {was} again; to have another volume, save the images, then `kubectl --namespace {namespace} delete pvc \
             {} --wait=false` and apply with `-replace`: the images on it are lost",
            claim.name
        ))
        .at(at))
}

/// Refuses another class of a load balancer that is there (Kubernetes, `ValidateServiceUpdate`).
///
/// # Errors
/// The attribute with both values.
pub fn refuse_load_balancer_class(plan: &Plan<'_>) -> Result<()> {
    const AT: &str = "service.load_balancer_class";
    let is_one = |view: View<'_>| view.text("service.type") == Some("LoadBalancer");
    let class = |view: View<'_>| view.text(AT).unwrap_or_default().to_owned();
    let stays = !plan.is_create() && is_one(plan.prior()) && is_one(plan.planned());
    if !stays || plan.changes("namespace") || plan.changes("name") || plan.planned().at(AT).is_unknown() {
        return Ok(());
    }
    let (before, after) = (class(plan.prior()), class(plan.planned()));
    if before == after {
        return Ok(());
    }
    let name = plan.planned().text("name").unwrap_or_default();
    let named = |class: &str| if class.is_empty() { "the cluster's own".to_owned() } else { format!("`{class}`") };
    Err(Explanation::new("BERTH-REG-002", format!("The load balancer of the registry `{name}` cannot be changed so"))
        .on(format!("{AT} is {}, planned {}", named(&before), named(&after)))
        .next("set it as it was; to have another one, apply once with service.type = \"ClusterIP\", and then with the new class")
        .at(AT))
}

/// What a claim cannot become, with the values before and after.
fn impossible(before: &Volume, after: &Volume) -> Option<(&'static str, String, String)> {
    let quoted = |text: &str| format!("`{text}`");
    if let (Some(was), Some(is)) = (Quantity::parse(&before.size), Quantity::parse(&after.size))
        && is < was
    {
        return Some(("storage.volume.size", quoted(&before.size), quoted(&after.size)));
    }
    if let (Some(was), Some(is)) = (&before.storage_class, &after.storage_class)
        && was != is
    {
        return Some(("storage.volume.storage_class", quoted(was), quoted(is)));
    }
    let modes = |volume: &Volume| {
        let mut modes = volume.access_modes.clone()?;
        modes.sort();
        modes.dedup();
        Some(modes)
    };
    match (modes(before), modes(after)) {
        (Some(was), Some(is)) if was != is => {
            Some(("storage.volume.access_modes", quoted(&was.join(", ")), quoted(&is.join(", "))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk::{Private, Schema};

    fn schema() -> Schema {
        Schema { attributes: Declared::attributes(), ..Schema::default() }
    }

    /// What a plan knows of a registry with these attributes.
    fn filled(parts: &[(&str, Value)]) -> Value {
        let mut planned = Declared { name: "hub".into(), namespace: "apps".into(), ..Declared::default() }.encode();
        let members = planned.members_mut().unwrap();
        members.insert("storage".into(), Value::object([("ephemeral", Value::object::<&str>([]))]));
        members.insert("host".into(), Value::from("hub.test"));
        members.extend(parts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let schema = schema();
        let mut plan = Plan::new(&schema, Value::Null, None, planned, Private::default());
        let _known = fill(&mut plan);
        plan.planned().value().clone()
    }

    fn object<const N: usize>(parts: [(&str, Value); N]) -> Value {
        Value::object(parts)
    }

    #[test]
    fn a_load_balancer_keeps_its_class_for_as_long_as_it_is_one() {
        let with = |parts: &[(&str, &str)]| {
            let service = parts.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
            let mut model = Declared { name: "hub".into(), namespace: "apps".into(), ..Declared::default() }.encode();
            model.members_mut().unwrap().insert("service".into(), Value::object(service));
            model
        };
        let (balanced, one) = (("type", "LoadBalancer"), ("load_balancer_class", "one"));
        for (before, after, is_refused) in [
            (vec![balanced, one], vec![balanced, one], false),
            (vec![balanced, one], vec![balanced, ("load_balancer_class", "other")], true),
            (vec![balanced, one], vec![balanced], true),
            (vec![balanced], vec![balanced, one], true),
            (vec![balanced], vec![balanced, ("load_balancer_class", "")], false),
            (vec![balanced, one], vec![("type", "ClusterIP")], false),
            (vec![("type", "ClusterIP")], vec![balanced, one], false),
        ] {
            let (schema, planned) = (schema(), with(&after));
            let plan = Plan::new(&schema, planned.clone(), Some(with(&before)), planned, Private::default());
            assert_eq!(refuse_load_balancer_class(&plan).is_err(), is_refused, "{before:?} {after:?}");
        }
    }

    #[test]
    fn what_does_not_depend_on_a_renewal_or_a_role_is_known_beside_them() {
        let tls = object([("secret_name", Value::Unknown), ("revision", Value::Unknown)]);
        let role = object([("annotations", object([("eks.amazonaws.com/role-arn", Value::Unknown)]))]);
        let user = object([("password_wo_version", Value::Unknown)]);
        let planned = filled(&[
            ("tls", tls),
            ("service_account", role),
            ("users", object([("ann", user)])),
            ("resources", Value::Unknown),
            ("node_selector", Value::Unknown),
        ]);
        assert_eq!(planned.member("url").as_str(), Some("https://hub.test"));
        let file = planned.member("config_yaml").as_str().unwrap();
        assert!(file.contains("realm: hub.test") && file.contains("tls.crt"), "{file}");
        assert!(planned.member("config_digest").as_str().is_some());
        let objects: Vec<_> = planned.member("objects").elements().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(
            objects,
            [
                "Deployment apps/hub",
                "Service apps/hub",
                "ConfigMap apps/hub-config",
                "Secret apps/hub-credentials",
                "Secret apps/hub-users",
                "ServiceAccount apps/hub",
            ]
        );
    }

    #[test]
    fn what_depends_on_an_unknown_value_is_unknown_and_the_rest_is_not() {
        let planned = filled(&[("host", Value::Unknown)]);
        assert!(planned.member("url").is_unknown() && planned.member("config_yaml").is_unknown());
        let bucket = object([("bucket", Value::Unknown), ("region", Value::from("r"))]);
        let planned = filled(&[("storage", object([("s3", bucket)]))]);
        assert_eq!(planned.member("url").as_str(), Some("http://hub.test:5000"));
        assert!(planned.member("config_yaml").is_unknown());
        let planned = filled(&[("service", Value::Unknown)]);
        assert!(planned.member("url").is_unknown() && planned.member("config_yaml").as_str().is_some());
        let planned = filled(&[("users", Value::Unknown)]);
        assert!(planned.member("config_yaml").is_unknown());
    }

    #[test]
    fn a_port_that_the_cluster_chooses_is_known_afterwards() {
        let planned = filled(&[("service", object([("type", Value::from("NodePort"))]))]);
        assert!(planned.member("url").is_unknown());
        let service = object([("type", Value::from("NodePort")), ("node_port", Value::from(30500))]);
        assert_eq!(filled(&[("service", service)]).member("url").as_str(), Some("http://hub.test:30500"));
    }

    #[test]
    fn a_claim_grows_and_does_nothing_else() {
        let volume = |size: &str, class: Option<&str>, modes: Option<&[&str]>| Volume {
            size: size.to_owned(),
            storage_class: class.map(str::to_owned),
            access_modes: modes.map(|modes| modes.iter().map(|mode| (*mode).to_owned()).collect()),
            ..Volume::default()
        };
        let before = volume("64Mi", Some("fast"), Some(&["ReadWriteOnce"]));
        let told = |after: &Volume| impossible(&before, after).map(|(at, was, is)| format!("{at}: {was} {is}"));
        for fits in [
            volume("64Mi", Some("fast"), Some(&["ReadWriteOnce"])),
            volume("1Gi", None, None),
            volume("65536Ki", None, Some(&["ReadWriteOnce"])),
        ] {
            assert_eq!(told(&fits), None);
        }
        assert_eq!(told(&volume("32Mi", None, None)).unwrap(), "storage.volume.size: `64Mi` `32Mi`");
        assert_eq!(told(&volume("64Mi", Some("slow"), None)).unwrap(), "storage.volume.storage_class: `fast` `slow`");
        assert!(
            told(&volume("64Mi", None, Some(&["ReadWriteMany"]))).unwrap().starts_with("storage.volume.access_modes")
        );
    }
}
