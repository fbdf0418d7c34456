//! What a user declares of an issuer.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::health::{Health, condition};
use crate::explain::Explanation;
use crate::provider::checks::{certificates, label, labels, server, subdomain};
use crate::resources::cert_manager::API_VERSION;
use crate::sdk::{Check, Computed, Model, Result, Secret, Timeouts, check};

/// The entry of a Secret that holds the key of an external account.
pub const HMAC_KEY: &str = "hmac-key";

/// An issuer of cert-manager.
#[derive(Clone, Debug, Model)]
pub struct IssuerModel {
    /// The issuer's name. A change makes a new issuer.
    #[attr(replace, check = subdomain())]
    pub name: String,
    /// The namespace of an Issuer, whose Certificates live there as well. Absent, it is a `ClusterIssuer`, for all namespaces.
    /// A change makes a new issuer.
    #[attr(replace, check = label())]
    pub namespace: Option<String>,
    /// Labels of the issuer.
    #[attr(check = labels())]
    pub labels: Option<BTreeMap<String, String>>,
    /// Certificates come from an ACME CA such as Let's Encrypt.
    pub acme: Option<Acme>,
    /// Certificates are signed by a CA whose certificate and key lie in a Secret.
    pub ca: Option<Ca>,
    /// Each certificate signs itself: for a CA of one's own. `{}` will do.
    pub self_signed: Option<SelfSigned>,
    /// Whether an apply waits until cert-manager says that the issuer is ready. One that is new and does not get there stays as
    /// it is, with a warning, and the next apply goes on. Default `true`.
    #[attr(default = true)]
    pub wait: bool,
    /// Whether cert-manager says that it is ready.
    pub ready: Computed<bool>,
    /// The URL of the ACME account; null for other issuers, and until it is registered.
    pub account_uri: Computed<String>,
    /// What differs in the cluster from what is declared here, a sentence each. Empty after an apply; what a refresh finds,
    /// the next apply sets right.
    pub drift: Computed<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// An ACME CA.
#[derive(Clone, Debug, Model)]
pub struct Acme {
    /// The CA's directory, such as `https://acme-v02.api.letsencrypt.org/directory`.
    #[attr(check = server())]
    pub server: String,
    /// Where the CA may write to about certificates.
    pub email: Option<String>,
    /// The Secret of the account's key, which cert-manager makes if there is none: in the issuer's namespace, or in that of
    /// cert-manager for a `ClusterIssuer`. Default: the issuer's name with `-account-key`.
    #[attr(check = subdomain())]
    pub private_key_secret: Option<String>,
    /// What the directory's own certificate is trusted by (PEM), for a CA inside.
    #[attr(check = certificates())]
    pub ca_bundle: Option<String>,
    /// The profile of certificates, as the CA's directory lists them (cert-manager 1.18).
    pub profile: Option<String>,
    /// The common name of the root that the chain shall end in, where the CA offers several.
    pub preferred_chain: Option<String>,
    /// Binds the account to one that is known to the CA.
    pub external_account_binding: Option<Binding>,
    /// Whether the key of `private_key_secret` must be there already. Default `false`.
    #[attr(default = false)]
    pub disable_account_key_generation: bool,
    /// How names are proved; the solver whose selector fits best is taken.
    pub solvers: Option<Vec<Solver>>,
}

/// An external account.
#[derive(Clone, Debug, Model)]
pub struct Binding {
    /// The CA's id of the key.
    #[attr(check = check::length(1, 512))]
    pub key_id: String,
    /// The key, base64url without padding as the CA gives it. It reaches the Secret and not the state. Absent, the Secret must
    /// be there already.
    #[attr(write_only)]
    pub hmac_key_wo: Option<Secret>,
    /// A number to change whenever `hmac_key_wo` changes.
    pub hmac_key_wo_version: Option<i64>,
    /// The Secret that holds the key, in the entry `hmac-key`. Default: the issuer's name with `-eab`.
    #[attr(check = subdomain())]
    pub secret_name: Option<String>,
    /// The namespace of that Secret for a `ClusterIssuer`: cert-manager's own (`--cluster-resource-namespace`). An Issuer's is its
    /// own namespace. Default `cert-manager`.
    #[attr(default = "cert-manager", check = label())]
    pub secret_namespace: String,
}

/// How names are proved.
#[derive(Clone, Debug, Model)]
pub struct Solver {
    /// Which names it is for; all if absent.
    pub selector: Option<Selector>,
    /// By a file that the CA fetches.
    pub http01: Option<Http01>,
    /// By a record.
    pub dns01: Option<Dns01>,
}

/// Which names and Certificates a solver is for.
#[derive(Clone, Debug, Model)]
pub struct Selector {
    /// These names.
    pub dns_names: Option<Vec<String>>,
    /// These zones and all names in them.
    pub dns_zones: Option<Vec<String>>,
    /// Certificates that bear all of these labels.
    #[attr(check = labels())]
    pub match_labels: Option<BTreeMap<String, String>>,
}

/// Proof by a file.
#[derive(Clone, Debug, Model)]
pub struct Http01 {
    /// The class of the Ingress that leads to the file, as the annotation `kubernetes.io/ingress.class`: every version of
    /// cert-manager and the usual controllers know it.
    #[attr(check = subdomain())]
    pub ingress_class: Option<String>,
    /// The class as `spec.ingressClassName` (cert-manager 1.12), for controllers that know no annotation.
    #[attr(check = subdomain())]
    pub ingress_class_name: Option<String>,
    /// An Ingress that is there already and gets the path, in the namespace of the Certificate.
    #[attr(check = subdomain())]
    pub ingress_name: Option<String>,
    /// The Gateway that leads to the file; cert-manager must be started with its Gateway API support.
    pub gateway: Option<Gateway>,
    /// The type of the solver's Service: `NodePort` (cert-manager's own choice) or `ClusterIP`.
    #[attr(check = check::one_of(&["NodePort", "ClusterIP"]))]
    pub service_type: Option<String>,
}

/// A Gateway.
#[derive(Clone, Debug, Model)]
pub struct Gateway {
    /// Its name.
    #[attr(check = subdomain())]
    pub name: String,
    /// Its namespace; that of the Certificate if absent.
    #[attr(check = label())]
    pub namespace: Option<String>,
    /// Its listener; any that fits if absent.
    pub section_name: Option<String>,
}

/// Proof by a record.
#[derive(Clone, Debug, Model)]
pub struct Dns01 {
    /// Whether CNAME records of `_acme-challenge` names are followed: `Follow`, or `None` (cert-manager's own choice).
    #[attr(check = check::one_of(&["None", "Follow"]))]
    pub cname_strategy: Option<String>,
    /// Records in Route53.
    pub route53: Option<Route53>,
    /// Another DNS provider, as JSON in cert-manager's words: `jsonencode({ cloudflare = { apiTokenSecretRef = { … } } })`.
    #[attr(check = json_object())]
    pub other_json: Option<String>,
}

/// Records in Route53. Without keys, cert-manager's own rights are used, or those of `service_account`.
#[derive(Clone, Debug, Model)]
pub struct Route53 {
    /// The region, such as `eu-central-1`.
    #[attr(check = check::length(1, 63))]
    pub region: String,
    /// The hosted zone; found by the name if absent.
    pub hosted_zone_id: Option<String>,
    /// The role that is assumed.
    pub role: Option<String>,
    /// A service account whose token stands for `role` (cert-manager 1.16): of the issuer's namespace, or of cert-manager's for
    /// a `ClusterIssuer`. cert-manager needs the right to `create` `serviceaccounts/token` of it.
    #[attr(check = subdomain())]
    pub service_account: Option<String>,
    /// An access key's id.
    pub access_key_id: Option<String>,
    /// Where its secret key lies.
    pub secret_access_key_secret: Option<SecretEntry>,
}

/// An entry of a Secret.
#[derive(Clone, Debug, Model)]
pub struct SecretEntry {
    /// The Secret.
    #[attr(check = subdomain())]
    pub name: String,
    /// The entry.
    #[attr(check = check::length(1, 253))]
    pub key: String,
}

/// A CA of one's own.
#[derive(Clone, Debug, Model)]
pub struct Ca {
    /// The Secret with `tls.crt` and `tls.key` of the CA: in the issuer's namespace, or in cert-manager's for a `ClusterIssuer`.
    #[attr(check = subdomain())]
    pub secret_name: String,
    /// Where revocation lists are, as certificates say it.
    pub crl_distribution_points: Option<Vec<String>>,
}

/// Certificates that sign themselves.
#[derive(Clone, Debug, Model)]
pub struct SelfSigned {
    /// Where revocation lists are, as certificates say it.
    pub crl_distribution_points: Option<Vec<String>>,
}

fn json_object() -> Check {
    check::text("must be an object as JSON", |text| match serde_json::from_str::<Json>(text) {
        Ok(Json::Object(members)) if members.len() == 1 => Ok(()),
        Ok(_) => Err("must be an object with one member, the name of the provider".to_owned()),
        Err(error) => Err(format!("is no JSON: line {} column {}", error.line(), error.column())),
    })
}

/// The object of an issuer.
pub fn object(namespace: Option<&str>, name: &str) -> ObjectRef {
    match namespace {
        Some(namespace) => ObjectRef::namespaced(API_VERSION, "Issuer", namespace, name),
        None => ObjectRef::of_cluster(API_VERSION, "ClusterIssuer", name),
    }
}

impl IssuerModel {
    /// Takes over what cert-manager says of itself.
    pub fn fill(&mut self, found: &Json) {
        let uri = found.pointer("/status/acme/uri").and_then(Json::as_str).filter(|uri| !uri.is_empty());
        self.account_uri.set(uri.map(str::to_owned));
        self.ready.set(condition(found, "Ready", "True") == Health::Ready);
    }

    fn binding(&self) -> Option<&Binding> {
        self.acme.as_ref()?.external_account_binding.as_ref()
    }

    /// The Secret of the external account's key, where it is ours.
    pub fn binding_secret(&self) -> Option<ObjectRef> {
        let binding =
            self.binding().filter(|binding| binding.hmac_key_wo_version.is_some() || binding.hmac_key_wo.is_some())?;
        let namespace = self.namespace.as_deref().unwrap_or(&binding.secret_namespace);
        Some(ObjectRef::secret(namespace, &binding.secret(&self.name)))
    }

    /// That Secret as it is to be.
    ///
    /// # Errors
    /// Its key is not given.
    pub fn binding_manifest(&self, what: &str) -> Result<Option<Json>> {
        let (Some(object), Some(binding)) = (self.binding_secret(), self.binding()) else { return Ok(None) };
        let Some(key) = &binding.hmac_key_wo else {
            return Err(Explanation::new("BERTH-CM-004", what)
                .next("set hmac_key_wo: it is not stored, and is needed for each change")
                .at("acme.external_account_binding.hmac_key_wo"));
        };
        let key = STANDARD.encode(key.expose().trim());
        drop(Secret::new(key.as_str()));
        Ok(Some(serde_json::json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": { "name": object.name, "namespace": object.namespace },
            "data": { HMAC_KEY: key },
        })))
    }
}

impl Binding {
    /// The Secret of the key.
    pub fn secret(&self, issuer: &str) -> String {
        self.secret_name.clone().unwrap_or_else(|| format!("{issuer}-eab"))
    }
}
