//! Everything berth offers, one line a type.

use crate::actions::certificate_renew::CertificateRenew;
use crate::actions::image_pull_check::ImagePullCheck;
use crate::actions::registry_check::RegistryCheck as CheckRegistry;
use crate::actions::registry_restart::RegistryRestart;
use crate::data::catalog::Catalog;
use crate::data::certificate_diagnosis::CertificateDiagnosis;
use crate::data::dns_lookup::DnsLookup;
use crate::data::eks_cluster::EksCluster;
use crate::data::hosted_zone::HostedZone;
use crate::data::image::ImageData;
use crate::data::ingress_address::IngressAddress;
use crate::data::pod_diagnosis::PodDiagnosis;
use crate::data::registry_diagnosis::RegistryDiagnosis;
use crate::data::repository_tags::RepositoryTags;
use crate::data::workload_policy::WorkloadPolicyData;
use crate::ephemeral::docker_config::DockerConfigFile;
use crate::ephemeral::htpasswd::HtpasswdFile;
use crate::ephemeral::registry_token::RegistryToken;
use crate::functions::dns_persist01_value::DnsPersist01Value;
use crate::functions::dns01_value::Dns01Value;
use crate::functions::dockerconfigjson::DockerConfigJson;
use crate::functions::irsa_trust_policy::IrsaTrustPolicy;
use crate::functions::oidc_host::OidcHost;
use crate::functions::parse_image::ParseImage;
use crate::functions::pem_info::PemInfo;
use crate::functions::required_kubernetes_permissions::RequiredKubernetesPermissions;
use crate::functions::required_permissions::RequiredPermissions;
use crate::functions::workload_policy::WorkloadPolicy;
use crate::provider::Berth;
use crate::resources::acme_account::AcmeAccount;
use crate::resources::acme_certificate::AcmeCertificate;
use crate::resources::acme_order::AcmeOrder;
use crate::resources::artifact::Artifact;
use crate::resources::backup::CertManagerBackup;
use crate::resources::certificate::Certificate;
use crate::resources::chart::Chart;
use crate::resources::dns_record::DnsRecord;
use crate::resources::dns_records::DnsRecords;
use crate::resources::dns01_delegation::Dns01Delegation;
use crate::resources::dns01_record::Dns01Record;
use crate::resources::image::ImageResource;
use crate::resources::image_mirror::ImageMirror;
use crate::resources::installation::CertManager;
use crate::resources::irsa_role::IrsaRole;
use crate::resources::issuer::Issuer;
use crate::resources::manifest::Manifest;
use crate::resources::node_trust::NodeTrust;
use crate::resources::oidc_provider::OidcProvider;
use crate::resources::pod_identity::PodIdentity;
use crate::resources::pull_secret::PullSecret;
use crate::resources::registry::Registry;
use crate::resources::registry_check::RegistryCheck;
use crate::sdk::Catalogue;

/// The catalogue. A new type is one line here; `tests/catalogue.rs` names what else it needs.
pub fn catalogue() -> Catalogue<Berth> {
    Catalogue::default()
        .identified(AcmeAccount)
        .identified(AcmeCertificate)
        .resource(AcmeOrder)
        .identified(Artifact)
        .identified(CertManager)
        .identified(CertManagerBackup)
        .identified(Certificate)
        .identified(Chart)
        .identified(DnsRecord)
        .identified(DnsRecords)
        .identified(Dns01Delegation)
        .identified(Dns01Record)
        .identified(ImageResource)
        .identified(ImageMirror)
        .identified(IrsaRole)
        .identified(Issuer)
        .identified(Manifest)
        .identified(NodeTrust)
        .identified(OidcProvider)
        .identified(PodIdentity)
        .identified(PullSecret)
        .identified(Registry)
        .resource(RegistryCheck)
        .data(Catalog)
        .data(CertificateDiagnosis)
        .data(DnsLookup)
        .data(EksCluster)
        .data(HostedZone)
        .data(ImageData)
        .data(IngressAddress)
        .data(RepositoryTags)
        .data(PodDiagnosis)
        .data(RegistryDiagnosis)
        .data(WorkloadPolicyData)
        .ephemeral(DockerConfigFile)
        .ephemeral(HtpasswdFile)
        .ephemeral(RegistryToken)
        .list(AcmeCertificate)
        .list(DnsRecord)
        .list(IrsaRole)
        .list(NodeTrust)
        .list(OidcProvider)
        .list(PodIdentity)
        .list(PullSecret)
        .list(Registry)
        .action(CertificateRenew)
        .action(ImagePullCheck)
        .action(CheckRegistry)
        .action(RegistryRestart)
        .function(Dns01Value)
        .function(DnsPersist01Value)
        .function(DockerConfigJson)
        .function(IrsaTrustPolicy)
        .function(OidcHost)
        .function(ParseImage)
        .function(PemInfo)
        .function(RequiredKubernetesPermissions)
        .function(RequiredPermissions)
        .function(WorkloadPolicy)
}
