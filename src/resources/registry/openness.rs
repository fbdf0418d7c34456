//! Who may come in without a login, and who may read the passwords of those that have one. Told in plans, and so never of a
//! registry that is about to go.

use crate::explain::Explanation;
use crate::sdk::{Plan, View};

/// The ways in that end TLS, and how each is given it.
const WAYS: [(&str, &str, &str); 2] = [
    ("ingress", "Ingress", "set tls.secret_name or ingress.issuer"),
    ("gateway", "Gateway", "let clients come by a listener of HTTPS, and drop external_tls = false and the port 80"),
];

/// Warns of a registry that is open to more than the cluster, and of passwords that reach it in clear text.
pub fn warn(plan: &mut Plan<'_>) {
    let told = [without_login(plan.config()), in_clear_text(plan)];
    told.into_iter().flatten().for_each(|told| plan.warn(&told));
}

/// Whether more than the cluster may come in without a login.
fn without_login(config: View<'_>) -> Option<Explanation> {
    let is_meant = config.truth("anonymous").unwrap_or(config.at("anonymous").is_unknown());
    if is_meant || !config.at("users").is_null() || !config.at("htpasswd").is_null() {
        return None;
    }
    let way = match config.text("service.type") {
        _ if config.at("ingress").is_given() => "an Ingress",
        _ if config.at("gateway").is_given() => "a Gateway",
        _ if config.at("host_port").is_given() => "a port of the node",
        Some("LoadBalancer") => "a load balancer",
        Some("NodePort") => "a port of the nodes",
        _ => return None,
    };
    let may = if config.at("proxy").is_given() { "pull" } else { "pull, push and delete" };
    let what =
        format!("Everyone who reaches the registry may {may} without a login: it is open by {way}, and has no users");
    let next = "give it users or htpasswd; if that is meant, say so with anonymous = true";
    Some(Explanation::new("BERTH-REG-010", what).next(next).at("users"))
}

/// Whether clients are about to send passwords through an Ingress or a Gateway without TLS, as far as `url` tells.
fn in_clear_text(plan: &Plan<'_>) -> Option<Explanation> {
    let (config, url) = (plan.config(), plan.planned().text("url")?);
    let has_users = config.at("users").is_given() || config.at("htpasswd").is_given();
    let is_made = plan.is_create() || plan.is_change();
    let (way, words, next) = WAYS.into_iter().find(|(way, ..)| config.at(way).is_given())?;
    if !is_made || !has_users || !url.starts_with("http://") {
        return None;
    }
    let what = format!("Passwords will reach the registry in clear text: its {words} has no TLS");
    let next = format!("{next}; if something before the registry ends TLS, say so with external_tls = true");
    Some(Explanation::new("BERTH-REG-017", what).on(url.to_owned()).next(next).at(way))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk::{Private, Schema, Value};

    fn object<const N: usize>(parts: [(&str, Value); N]) -> Value {
        Value::object(parts)
    }

    fn text(text: &str) -> Value {
        Value::from(text)
    }

    /// What a plan of a new registry with these attributes says.
    fn told(parts: &[(&str, Value)]) -> Vec<String> {
        let (schema, config) = (Schema::default(), Value::object(parts.iter().cloned()));
        let plan = Plan::new(&schema, config.clone(), None, config, Private::default());
        let told = [without_login(plan.config()), in_clear_text(&plan)];
        told.into_iter().flatten().map(|told| told.what().to_owned()).collect()
    }

    #[track_caller]
    fn assert_told(parts: &[(&str, Value)], expected: &str) {
        let told = told(parts);
        assert!(told.len() == 1 && told[0].contains(expected), "{told:?}");
    }

    #[test]
    fn an_open_registry_is_told_unless_it_is_meant_or_may_have_users() {
        let ingress = [("host", text("hub.test")), ("ingress", object([("class", text("nginx"))]))];
        assert_told(&ingress, "Everyone who reaches the registry may pull, push and delete");
        assert_told(&[("host_port", Value::from(443))], "by a port of the node");
        assert_told(&[("service", object([("type", text("LoadBalancer"))]))], "by a load balancer");
        let cache = object([("remote_url", text("https://registry-1.docker.io"))]);
        assert_told(&[("host_port", Value::from(443)), ("proxy", cache)], "may pull without a login");
        for quiet in [("anonymous", Value::Bool(true)), ("users", Value::Unknown), ("htpasswd", Value::Unknown)] {
            assert_eq!(told(&[("host_port", Value::from(443)), quiet]), Vec::<String>::new());
        }
        assert_eq!(told(&[]), Vec::<String>::new(), "only the cluster reaches it");
    }

    #[test]
    fn passwords_in_clear_text_are_told() {
        let with = |url: Value, users: Value| {
            told(&[("ingress", object([("class", text("nginx"))])), ("url", url), ("users", users)])
        };
        let users = || object([("ann", object([("password_wo", text("secret"))]))]);
        assert!(with(text("http://hub.test"), users())[0].contains("in clear text"));
        assert_eq!(with(text("https://hub.test"), users()), Vec::<String>::new());
        assert_eq!(with(Value::Unknown, users()), Vec::<String>::new(), "nothing is known of TLS");
        let inside = [("url", text("http://hub.apps.svc:5000")), ("users", users())];
        assert_eq!(told(&inside), Vec::<String>::new(), "only the cluster reaches it");
    }
}
