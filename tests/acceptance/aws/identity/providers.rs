//! OIDC providers: their thumbprints, audiences and tags.

use std::net::IpAddr;
use std::sync::Arc;

use berth::digest::sha1_hex;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::{Account, PROVIDER, unique};
use crate::workspace::{Cli, Workspace};

#[test]
#[ignore = "needs the sandbox"]
fn an_oidc_provider_serves_a_role_by_its_issuer() {
    for cli in Cli::all() {
        let (name, host) = (unique("issuer"), format!("{}.example/id/A", unique("oidc")));
        let configuration = |tags: &str, thumbprint: &str| {
            format!(
                "{PROVIDER}resource \"berth_oidc_provider\" \"x\" {{\n url = \"https://{host}\"\n tags = {{ {tags} }}\n \
                 thumbprints = [\"{thumbprint}\"]\n}}\n\
                 resource \"berth_irsa_role\" \"x\" {{\n name = \"{name}\"\n oidc_issuer_url = berth_oidc_provider.x.url\n \
                 service_accounts = [{{ namespace = \"*\", name = \"web\" }}, {{ namespace = \"b\", name = \"c\" }}]\n}}\n"
            )
        };
        let workspace = Workspace::on(&cli, &configuration("a = \"1\"", &"a".repeat(40)));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let trust = Account::open().role(&name).unwrap().trust_policy;
        assert!(trust.contains(&format!("oidc-provider/{host}")) && trust.contains("StringLike"), "{trust}");

        workspace.configure(&configuration("b = \"2\"", &"b".repeat(40)));
        let changes = workspace.plan().changes_something().changes();
        assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();

        let arn = workspace.attributes("berth_oidc_provider.x")["arn"].as_str().unwrap().to_owned();
        let second = Workspace::on(&cli, &configuration("b = \"2\"", &"b".repeat(40)));
        let errors = second.apply().fails();
        assert!(errors.contains(&format!("terraform import berth_oidc_provider.NAME {arn}")), "{errors}");
        second.import("berth_oidc_provider.x", &arn).succeeds();
        workspace.destroy().succeeds();
    }
}

/// A TLS server on the port that issuers have, with an authority of its own; it answers every request with one text.
struct Issuer {
    address: IpAddr,
    authority_pem: String,
    thumbprint: String,
}

impl Issuer {
    /// `number` tells the servers of this run apart: each has an address of the loopback network to itself.
    fn start(runtime: &Runtime, number: u8, body: String) -> Self {
        let process = u16::try_from(std::process::id() % 65_000).unwrap();
        let [high, low] = process.to_be_bytes();
        let address = IpAddr::from([127, 100_u8.wrapping_add(high) / 2 + 1, low, number]);
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![address.to_string()]).unwrap().signed_by(&key, &authority).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let chain = vec![leaf.der().clone(), authority.der().clone()];
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(
            config.with_no_client_auth().with_single_cert(chain, key).unwrap(),
        ));
        let listener = runtime.block_on(TcpListener::bind((address, 443))).unwrap();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = [0; 4096];
                if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}",
                        body.len()
                    );
                    let _gone = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await;
                    let _gone = stream.shutdown().await;
                }
            }
        });
        Self { address, authority_pem: authority.pem(), thumbprint: sha1_hex(authority.der()) }
    }
}

pub fn provider(url: &str, more: &str) -> String {
    format!("{PROVIDER}resource \"berth_oidc_provider\" \"x\" {{\n url = \"{url}\"\n{more}\n}}\n")
}

#[test]
#[ignore = "needs the sandbox"]
fn the_thumbprint_is_that_of_the_server_that_hands_out_the_keys() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let keys = Issuer::start(&runtime, 1, String::new());
    let discovery = json!({ "jwks_uri": format!("https://{}/keys", keys.address) });
    let issuer = Issuer::start(&runtime, 2, discovery.to_string());
    for cli in Cli::all() {
        let url = format!("https://{}/id/{}", issuer.address, unique("thumb"));
        // Whoever trusts the issuer's certificate follows its discovery document.
        let workspace = Workspace::on(&cli, &provider(&url, ""));
        let roots = workspace.write("roots.pem", &issuer.authority_pem);
        let workspace = workspace.env("SSL_CERT_FILE", roots.to_str().unwrap());
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(workspace.attributes("berth_oidc_provider.x")["thumbprints"], json!([keys.thumbprint]));
        workspace.destroy().succeeds();

        // Whoever does not, takes the issuer's own server for it.
        let workspace = Workspace::on(&cli, &provider(&url, ""));
        workspace.apply().succeeds();
        assert_eq!(workspace.attributes("berth_oidc_provider.x")["thumbprints"], json!([issuer.thumbprint]));

        // Audiences and tags change in place, and the thumbprint stays.
        workspace.configure(&provider(&url, "client_ids = [\"other\"]\n tags = { a = \"1\" }"));
        let changes = workspace.plan().changes_something().changes();
        assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(workspace.attributes("berth_oidc_provider.x")["thumbprints"], json!([issuer.thumbprint]));

        // It is found again by its URL.
        let second = Workspace::on(&cli, &provider(&url, "client_ids = [\"other\"]\n tags = { a = \"1\" }"));
        second.import("berth_oidc_provider.x", &url).succeeds();
        second.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn an_issuer_that_cannot_be_reached_is_left_to_iam_with_a_warning() {
    let url = format!("https://{}.nowhere.sandbox.test/id/A", unique("unreached"));
    let workspace = Workspace::new(&provider(&url, ""));
    let run = workspace.apply();
    let warned = run.diagnostics().into_iter().any(|shown| shown.detail.contains("BERTH-AWS-028"));
    assert!(warned, "{run}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn drift_of_audiences_thumbprints_and_tags_is_undone() {
    let url = format!("https://{}.example/id/A", unique("drifting"));
    let thumbprints = format!("thumbprints = [\"{}\"]", "a".repeat(40));
    let workspace = Workspace::new(&provider(&url, &thumbprints));
    workspace.apply().succeeds();
    let account = Account::open();
    let (iam, budget) = (account.iam(), Account::budget());
    let arn = workspace.attributes("berth_oidc_provider.x")["arn"].as_str().unwrap().to_owned();
    let read = || account.runtime.block_on(iam.provider(&budget, &arn)).unwrap().unwrap();
    let before = read();
    let strange = berth::clients::aws::iam::NewProvider {
        url: url.clone(),
        client_ids: ["strange".to_owned()].into(),
        thumbprints: vec!["b".repeat(40)],
        tags: [("strange".to_owned(), "x".to_owned())].into(),
    };
    account.runtime.block_on(iam.update_provider(&budget, &before, &strange)).unwrap();
    let changes = workspace.plan().changes_something().changes();
    assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
    workspace.apply_plan().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(read(), before);
    workspace.destroy().succeeds();
}
