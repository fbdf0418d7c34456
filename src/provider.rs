//! The provider block, and the clients that are built from it when first used.

mod acme;
mod aws;
pub mod checks;
mod dns;
mod holdings;
mod kubernetes;
mod looks;
mod oci;
mod planned;
mod readiness;
mod registries;
mod rules;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use aws::AssumeRole;
pub use checks::directory_url;
pub use holdings::Holdings;
pub use registries::Access;
pub use standing::Standing;

use crate::clients::download::Downloads;
use crate::clients::http::Network;
use crate::env::Env;
use crate::explain::Explanation;
use crate::sdk::{self, About, Diagnostics, Model, Path, Plan, Settings, Step, View};

/// The provider block. All of it is optional: what is absent comes from the environment, and what is set here wins over it.
/// An empty text counts as absent.
#[derive(Clone, Debug, Default, Model)]
pub struct Config {
    /// How to reach AWS. Absent settings come from the usual environment variables (`AWS_REGION`, `AWS_PROFILE`,
    /// `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL` and their like) and the shared configuration files.
    pub aws: Option<aws::Block>,
    /// The certificate authority that accounts and certificates use unless they name another one.
    pub acme: Option<acme::Block>,
    /// How DNS is asked whether a record can be seen.
    pub dns: Option<dns::Block>,
    /// How to reach the cluster. Absent, the files of `KUBE_CONFIG_PATH`, `KUBE_CONFIG_PATHS` or `KUBECONFIG` are used.
    /// In a Pod, its own service account is used if none of these is set and this block is absent or empty.
    /// Nothing is connected to before a resource needs the cluster, and there is no fall-back to localhost.
    pub kubernetes: Option<kubernetes::Block>,
    /// Logins to registries, by host: `registry.example.com`, `registry.example.com:5000`, `*.example.com`. Case, scheme, the
    /// path `/v2/` and the port 443 do not count.
    #[attr(check = checks::registry_names())]
    pub registries: Option<BTreeMap<String, registries::Login>>,
    /// Whether plans do without any remote call: no preflight checks. Refreshes still ask the remotes;
    /// switch them off with `-refresh=false`. Default `false`.
    pub offline: Option<bool>,
    /// Whether a refresh that cannot ask a remote (a cluster that does not answer, expired credentials, a CA in trouble) is
    /// an error. By default it keeps the state and warns, so that a plan is possible, and then says "No changes" of what
    /// nobody has looked at: set this to `true` in jobs that look for drift. Settings of this block that are not known yet
    /// still are a warning. Default `false`.
    pub strict_refresh: Option<bool>,
}

impl Config {
    /// Nothing but the way to a cluster; what is absent comes from the environment.
    pub fn of_kubeconfig(config_path: Option<String>, config_context: Option<String>) -> Self {
        let kubernetes = kubernetes::Block { config_path, config_context, ..kubernetes::Block::default() };
        Self { kubernetes: Some(kubernetes), ..Self::default() }
    }
}

/// The failure of what waits for a setting that is not known yet.
const SETTING_UNKNOWN: &str = "BERTH-PROVIDER-001";

/// The configured provider: the way to every client.
pub struct Berth {
    env: Env,
    network: Network,
    downloads: Downloads,
    config: Config,
    unknown: Vec<Path>,
    aws: aws::Clients,
    acme: acme::Clients,
    dns: dns::Clients,
    kubernetes: kubernetes::Clients,
    holdings: Holdings,
    standing: Standing,
    planned: planned::PlannedRecords,
    annotations: planned::PlannedAnnotations,
    looks: looks::Looks,
    oci: oci::Registries,
    readiness: readiness::Readiness,
    told: readiness::Told,
}

/// What the provider is called.
pub const ABOUT: About = About {
    name: "berth",
    version: env!("CARGO_PKG_VERSION"),
    source: "berth/berth",
    codes: "BERTH",
    commands: &["diagnose  why a certificate, an issuer, a Pod or a registry fails: diagnose --help"],
};

/// The context of a call to one of berth's types.
pub type Cx = sdk::Cx<Berth>;

impl sdk::Provider for Berth {
    type Config = Config;

    const DESCRIPTION: &'static str = "Declares the whole way to a private container registry on Kubernetes: \
        IAM roles for service accounts, DNS records, ACME accounts and certificates, the registry itself, \
        the secrets that let Pods pull from it, and the proof that all of it works.";

    fn validate(config: &View<'_>, found: &mut Diagnostics) {
        rules::test(*config, found);
    }

    fn configure(settings: Settings<Config>, env: &Env) -> Result<Self, Explanation> {
        let Settings { model: config, unknown } = settings;
        let provider = Self {
            env: env.clone(),
            network: Network::of(env),
            downloads: Downloads::default(),
            config,
            unknown,
            aws: aws::Clients::default(),
            acme: acme::Clients::default(),
            dns: dns::Clients::default(),
            kubernetes: kubernetes::Clients::default(),
            holdings: Holdings::default(),
            standing: Standing::default(),
            planned: planned::PlannedRecords::default(),
            annotations: planned::PlannedAnnotations::default(),
            looks: looks::Looks::default(),
            oci: oci::Registries::default(),
            readiness: readiness::Readiness::default(),
            told: readiness::Told::default(),
        };
        provider.fit_region().map(|()| provider)
    }

    fn tolerates(&self, unanswered: &Explanation) -> bool {
        !self.config.strict_refresh.unwrap_or(false) || unanswered.code() == SETTING_UNKNOWN
    }

    async fn look(cx: &Cx, type_name: &str, plan: &mut Plan<'_>) {
        readiness::look(cx, type_name, plan).await;
    }
}

impl Berth {
    /// The environment that the provider was started in.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// The way to others from here: proxies and trust.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Texts of the web that were fetched.
    pub fn downloads(&self) -> &Downloads {
        &self.downloads
    }

    /// What resources of this run hold.
    pub fn holdings(&self) -> &Holdings {
        &self.holdings
    }

    /// What instances of this state stand for.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The records that this run's plans are to make.
    pub fn planned_records(&self) -> &planned::PlannedRecords {
        &self.planned
    }

    /// The annotations that this run's plans declare.
    pub fn planned_annotations(&self) -> &planned::PlannedAnnotations {
        &self.annotations
    }

    /// What plans of this run no longer ask.
    pub fn looks(&self) -> &looks::Looks {
        &self.looks
    }

    /// What was told in this run.
    pub fn told(&self) -> &readiness::Told {
        &self.told
    }

    /// Whether plans must do without remote calls.
    pub fn is_offline(&self) -> bool {
        self.config.offline.unwrap_or(false)
    }

    /// Fails while a setting of this part of the provider block is unknown: in a plan, it may come from
    /// a resource that does not exist yet.
    fn settled(&self, part: &str) -> Result<(), Explanation> {
        let pending = self
            .unknown
            .iter()
            .find(|path| matches!(path.steps().first(), Some(Step::Attribute(first)) if first == part));
        match pending {
            None => Ok(()),
            Some(path) => Err(Explanation::new(SETTING_UNKNOWN, format!("The provider's `{path}` is not known yet"))
                .next("apply what the setting depends on first; until then the objects stay as the state knows them")
                .unanswered()),
        }
    }
}
