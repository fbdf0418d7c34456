//! From what the user wrote to what the registry shall be.

use std::collections::BTreeMap;

use crate::domain::image::Fault;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::Claim;
use crate::domain::registry::{
    APPLICATION, Account, Exposure, Flavour, Gateway, Ingress, Proxy, Registry, Resources, S3, Service, Storage, User,
    Volume, host_name,
};

use crate::owner::Owner;

use super::model::{self, Declared};

/// The duration that stands for none (GEP-2257).
const NO_LIMIT: &str = "0s";

impl Declared {
    /// The registry that is declared.
    pub fn registry(&self) -> Result<Registry, Fault> {
        Ok(Registry {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            host: self.host.as_deref().map(host_name),
            image: self.image.parse()?,
            replicas: i32::try_from(self.replicas).unwrap_or(1),
            storage: storage(&self.storage),
            has_users: self.users.is_some() || self.htpasswd.is_some(),
            tls_secret: self.tls.as_ref().map(|tls| tls.secret_name.clone()),
            external_tls: self.external_tls,
            exposure: self.exposure(),
            service: service(self.service.as_ref()),
            account: account(self.service_account.as_ref()),
            delete_enabled: self.delete_enabled,
            proxy: self
                .proxy
                .as_ref()
                .map(|proxy| Proxy { remote_url: proxy.remote_url.clone(), username: proxy.username.clone() }),
            headers: headers(self.headers.as_ref()),
            log_level: self.log_level.clone(),
            resources: resources(self.resources.as_ref()),
            node_selector: self.node_selector.clone().unwrap_or_default(),
            tolerations: self.tolerations.iter().flatten().map(Into::into).collect(),
            image_pull_secrets: self.image_pull_secrets.clone().unwrap_or_default(),
            user: user(self.security_context.as_ref()),
            restart_triggers: self.restart_triggers.clone().unwrap_or_default(),
            declaration: serde_json::to_string(self).unwrap_or_default(),
        })
    }

    /// The objects that the registry consists of, as a plan lists them.
    pub fn objects(&self, registry: &Registry) -> Vec<String> {
        let namespace = self.create_namespace.then(|| ObjectRef::of_namespace(&self.namespace));
        namespace.into_iter().chain(registry.object_refs()).map(|object| object.to_string()).collect()
    }

    /// Writes down what is known without looking.
    pub fn describe(&mut self, registry: &Registry) {
        self.url.set(registry.url());
        self.config_yaml.set(registry.config_yaml());
        self.config_digest.set(registry.config_digest());
        self.objects.set(self.objects(registry));
    }

    /// The object that answers for all others.
    pub fn lead(&self) -> ObjectRef {
        ObjectRef::deployment(&self.namespace, &self.name)
    }

    /// What a registry of this name claims as its own.
    pub fn claim(&self, owner: Option<Owner>) -> Claim {
        Claim::intended(APPLICATION, &self.name, owner, self.lead())
    }

    /// The account that the Pods run as.
    pub fn account_name(&self) -> &str {
        self.service_account.as_ref().and_then(|account| account.name.as_deref()).unwrap_or(&self.name)
    }

    fn exposure(&self) -> Exposure {
        match (&self.ingress, &self.gateway, self.host_port.and_then(port)) {
            (Some(ingress), ..) => Exposure::Ingress(Ingress {
                class: given(ingress.class.as_ref()),
                flavour: flavour(ingress),
                is_guessed: ingress.flavour.is_none(),
                issuer: given(ingress.issuer.as_ref()),
                annotations: ingress.annotations.clone().unwrap_or_default(),
                body_size: ingress.body_size.clone(),
            }),
            (None, Some(given), _) => Exposure::Gateway(gateway(given)),
            (None, None, Some(port)) => Exposure::HostPort(port),
            (None, None, None) => Exposure::Service,
        }
    }
}

/// An empty text, as an unset variable gives it, says nothing.
fn given(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

fn port(number: i64) -> Option<u16> {
    u16::try_from(number).ok()
}

/// The flavour that is named, or else the one that the class's name speaks of.
fn flavour(ingress: &model::Ingress) -> Flavour {
    let named = ingress.flavour.as_deref().or(ingress.class.as_deref()).unwrap_or_default();
    match named {
        "none" => Flavour::None,
        name if name.contains("nginx") => Flavour::Nginx,
        name if name.contains("traefik") => Flavour::Traefik,
        name if name.contains("alb") => Flavour::Alb,
        _ => Flavour::None,
    }
}

fn gateway(declared: &model::Gateway) -> Gateway {
    let timeouts = declared.timeouts.as_ref();
    Gateway {
        namespace: given(declared.parent.namespace.as_ref()),
        name: declared.parent.name.clone(),
        section: given(declared.parent.section_name.as_ref()),
        hostnames: declared.hostnames.iter().flatten().map(|name| host_name(name)).collect(),
        port: declared.port.and_then(port),
        request: timeouts.map_or_else(|| Some(NO_LIMIT.to_owned()), |timeouts| given(Some(&timeouts.request))),
        backend_request: timeouts.and_then(|timeouts| given(timeouts.backend_request.as_ref())),
        annotations: declared.annotations.clone().unwrap_or_default(),
    }
}

fn storage(storage: &model::Storage) -> Storage {
    if let Some(s3) = &storage.s3 {
        let plain = s3.endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        return Storage::S3(S3 {
            bucket: s3.bucket.clone(),
            region: s3.region.clone(),
            endpoint: s3.endpoint.clone(),
            access_key: s3.access_key.clone(),
            encrypt: s3.encrypt,
            secure: s3.secure.unwrap_or(!plain),
            redirect: s3.redirect.unwrap_or(s3.endpoint.is_none()),
            root_directory: s3.root_directory.clone(),
        });
    }
    match &storage.volume {
        Some(volume) => Storage::Volume(Volume {
            size: volume.size.clone(),
            storage_class: volume.storage_class.clone(),
            access_modes: volume.access_modes.clone().unwrap_or_else(|| vec!["ReadWriteOnce".to_owned()]),
        }),
        None => Storage::Ephemeral {
            size_limit: storage.ephemeral.as_ref().and_then(|ephemeral| ephemeral.size_limit.clone()),
        },
    }
}

fn service(service: Option<&model::Service>) -> Service {
    Service {
        r#type: service.map_or_else(|| "ClusterIP".to_owned(), |service| service.r#type.clone()),
        port: service.and_then(|service| service.port).and_then(port),
        node_port: service.and_then(|service| service.node_port).and_then(port),
        annotations: service.and_then(|service| service.annotations.clone()).unwrap_or_default(),
        load_balancer_class: service.and_then(|service| given(service.load_balancer_class.as_ref())),
        source_ranges: service.and_then(|service| service.load_balancer_source_ranges.clone()).unwrap_or_default(),
    }
}

fn user(context: Option<&model::SecurityContext>) -> User {
    let usual = (!context.is_some_and(|context| context.by_cluster)).then_some(User::USUAL);
    let number = |given: fn(&model::SecurityContext) -> Option<i64>| context.and_then(given).or(usual);
    User {
        user: number(|context| context.run_as_user),
        group: number(|context| context.run_as_group),
        volume_group: number(|context| context.fs_group),
    }
}

fn account(account: Option<&model::Account>) -> Account {
    Account {
        name: account.and_then(|account| account.name.clone()),
        annotations: account.and_then(|account| account.annotations.clone()).unwrap_or_default(),
    }
}

/// Browsers shall not guess what a blob is.
fn headers(given: Option<&BTreeMap<String, String>>) -> BTreeMap<String, String> {
    let mut headers = given.cloned().unwrap_or_default();
    if !headers.keys().any(|name| name.eq_ignore_ascii_case("X-Content-Type-Options")) {
        headers.insert("X-Content-Type-Options".to_owned(), "nosniff".to_owned());
    }
    headers
}

fn resources(resources: Option<&model::Resources>) -> Resources {
    Resources {
        requests: resources.and_then(|resources| resources.requests.clone()).unwrap_or_default(),
        limits: resources.and_then(|resources| resources.limits.clone()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_declared_survives_an_import_but_for_its_secrets() {
        let users = BTreeMap::from([(
            "ann".to_owned(),
            model::User {
                password_wo: Some(crate::secret::Secret::new("hunter2hunter2")),
                password_wo_version: Some(3),
            },
        )]);
        let declared = Declared {
            name: "registry".to_owned(),
            namespace: "apps".to_owned(),
            host_port: Some(443),
            users: Some(users),
            ..Declared::default()
        };
        let text = declared.registry().unwrap().declaration;
        assert!(!text.contains("hunter2"), "{text}");
        let read: Declared = serde_json::from_str(&text).unwrap();
        assert_eq!(read.registry().unwrap().declaration, text);
        assert_eq!(read.users.unwrap().get("ann").unwrap().password_wo_version, Some(3));
    }

    #[test]
    fn the_class_tells_the_flavour_unless_it_is_named() {
        let ingress = |class: &str, flavour_name: Option<&str>| {
            flavour(&model::Ingress {
                class: Some(class.to_owned()),
                flavour: flavour_name.map(str::to_owned),
                ..model::Ingress::default()
            })
        };
        assert_eq!(ingress("nginx-internal", None), Flavour::Nginx);
        assert_eq!(ingress("internal", None), Flavour::None);
        assert_eq!(ingress("nginx", Some("none")), Flavour::None);
    }

    #[test]
    fn an_endpoint_brings_its_own_habits() {
        let s3 = |endpoint: Option<&str>| {
            let s3 = model::S3 { endpoint: endpoint.map(str::to_owned), ..model::S3::default() };
            match storage(&model::Storage { s3: Some(s3), ..model::Storage::default() }) {
                Storage::S3(s3) => (s3.secure, s3.redirect),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(s3(None), (true, true));
        assert_eq!(s3(Some("http://s3:9000")), (false, false));
        assert_eq!(s3(Some("https://s3:9000")), (true, false));
    }
}
