//! Moves a release's objects to another namespace.

use serde_json::Value;

/// The annotations that lead the injector to the webhook's CA: `NAMESPACE/NAME`.
const INJECTED_FROM: [&str; 2] = ["cert-manager.io/inject-ca-from-secret", "cert-manager.io/inject-ca-from"];

/// From one namespace to another.
pub struct Move<'a> {
    /// The namespace that is left.
    pub from: &'a str,
    /// The namespace that is entered.
    pub to: &'a str,
}

impl Move<'_> {
    /// Moves one object, if it lives there or points there. What lives elsewhere (leases in `kube-system`) stays.
    pub fn apply(&self, object: &mut Value) {
        let is_namespace = object.get("kind").and_then(Value::as_str) == Some("Namespace");
        if is_namespace {
            self.replace(object.pointer_mut("/metadata/name"));
        }
        self.replace(object.pointer_mut("/metadata/namespace"));
        each(object.pointer_mut("/subjects"), |subject| self.replace(subject.get_mut("namespace")));
        each(object.pointer_mut("/webhooks"), |hook| {
            self.replace(hook.pointer_mut("/clientConfig/service/namespace"));
        });
        self.replace(object.pointer_mut("/spec/conversion/webhook/clientConfig/service/namespace"));
        self.annotations(object.pointer_mut("/metadata/annotations"));
        each(object.pointer_mut("/spec/template/spec/containers"), |container| {
            each(container.get_mut("args"), |argument| self.argument(argument));
        });
    }

    fn replace(&self, name: Option<&mut Value>) {
        if let Some(name) = name.filter(|name| name.as_str() == Some(self.from)) {
            *name = self.to.into();
        }
    }

    fn annotations(&self, annotations: Option<&mut Value>) {
        let Some(all) = annotations.and_then(Value::as_object_mut) else { return };
        for name in INJECTED_FROM {
            if let Some(value) = all.get_mut(name)
                && let Some(rest) = value.as_str().and_then(|text| text.strip_prefix(self.from))
                && rest.starts_with('/')
            {
                *value = format!("{}{rest}", self.to).into();
            }
        }
    }

    /// `--cluster-resource-namespace=NAMESPACE`, and the names that the webhook's certificate is for.
    fn argument(&self, argument: &mut Value) {
        let Some((name, value)) = argument.as_str().and_then(|text| text.split_once('=')) else { return };
        let moved = match name {
            "--dynamic-serving-dns-names" => value.split(',').map(|it| self.dns_name(it)).collect::<Vec<_>>().join(","),
            _ if name.ends_with("-namespace") && value == self.from => self.to.to_owned(),
            _ => return,
        };
        *argument = format!("{name}={moved}").into();
    }

    /// `SERVICE.NAMESPACE.svc`.
    fn dns_name(&self, name: &str) -> String {
        let parts = name.split('.').enumerate();
        let moved = parts.map(|(index, part)| if index == 1 && part == self.from { self.to } else { part });
        moved.collect::<Vec<_>>().join(".")
    }
}

fn each(list: Option<&mut Value>, change: impl Fn(&mut Value)) {
    list.and_then(Value::as_array_mut).into_iter().flatten().for_each(change);
}
