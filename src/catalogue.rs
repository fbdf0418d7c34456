//! Everything berth offers, one line a type.

use crate::functions::dockerconfigjson::DockerConfigJson;
use crate::provider::Berth;
use crate::resources::acme_account::AcmeAccount;
use crate::resources::acme_certificate::AcmeCertificate;
use crate::resources::pull_secret::PullSecret;
use crate::resources::registry::Registry;
use crate::resources::registry_check::RegistryCheck;
use crate::sdk::Catalogue;

/// The catalogue. A new type is one line here; `tests/catalogue.rs` names what else it needs.
pub fn catalogue() -> Catalogue<Berth> {
    Catalogue::default()
        .resource(AcmeAccount)
        .resource(AcmeCertificate)
        .resource(PullSecret)
        .resource(Registry)
        .resource(RegistryCheck)
        .function(DockerConfigJson)
}
