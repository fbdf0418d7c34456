//! A host as go-plugin is one: starts the program, reads its line, connects with its own certificate.

use std::{
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use berth::plugin::proto::{
    go_plugin::{Empty, grpc_controller_client::GrpcControllerClient},
    tfplugin6::{get_provider_schema, provider_client::ProviderClient},
};
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P521_SHA512,
};
use rustls::{
    ClientConfig, RootCertStore,
    client::ResolvesClientCert,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName},
    sign::CertifiedKey,
    version::TLS13,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, BufReader},
    net::{TcpStream, UnixStream},
    process::{Child, ChildStdout, Command},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::transport::{Channel, Endpoint};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-berth");
pub const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");
/// What go-plugin waits for a plugin that was asked to end before it kills it.
pub const HOST_PATIENCE: Duration = Duration::from_secs(2);
/// What go-plugin waits for a plugin to start.
const START_LIMIT: Duration = Duration::from_mins(1);

pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A client certificate made the way go-plugin's `mtls.go` makes its own, with its key.
pub struct Identity {
    pub certificate: CertificateDer<'static>,
    pub pem: String,
    key: KeyPair,
}

impl Identity {
    pub fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "HashiCorp");
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyAgreement,
            KeyUsagePurpose::KeyCertSign,
        ];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.self_signed(&key).unwrap();
        Self { pem: certificate.pem(), certificate: certificate.der().clone(), key }
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }

    /// This key with the certificate of another: a thief's pair.
    pub fn with_certificate_of(self, other: &Self) -> Self {
        Self { certificate: other.certificate.clone(), ..self }
    }
}

/// Shows its certificate whether or not the key belongs to it.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesClientCert for Always {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// What the program is started with.
pub struct Host {
    pub folder: TempDir,
    pub identity: Identity,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl Host {
    /// As Terraform starts it, with a temporary folder of its own.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let identity = Identity::new();
        let temporary = folder.path().to_str().unwrap().to_owned();
        let host = Self { folder, environment: Vec::new(), arguments: Vec::new(), identity };
        let pem = host.identity.pem.clone();
        host.env(COOKIE.0, COOKIE.1)
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_MIN_PORT", "10000")
            .env("PLUGIN_MAX_PORT", "25000")
            .env("PLUGIN_CLIENT_CERT", &pem)
            .env("TMPDIR", &temporary)
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without_env(mut self, name: &str) -> Self {
        self.environment.retain(|(other, _)| other != name);
        self
    }

    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.env_clear().envs(self.environment.iter().cloned()).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Starts the program and takes its line.
    pub async fn start(&self) -> Plugin {
        let mut child = self.command().spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        timeout(START_LIMIT, stdout.read_line(&mut line)).await.expect("a line within a minute").unwrap();
        Plugin { child, stdout, line }
    }
}

/// A started program.
pub struct Plugin {
    pub child: Child,
    pub stdout: BufReader<ChildStdout>,
    pub line: String,
}

impl Plugin {
    pub fn fields(&self) -> Vec<&str> {
        self.line.trim_end_matches('\n').split('|').collect()
    }

    pub fn socket(&self) -> PathBuf {
        assert_eq!(self.fields()[2], "unix");
        PathBuf::from(self.fields()[3])
    }

    fn certificate(&self) -> CertificateDer<'static> {
        CertificateDer::from(STANDARD_NO_PAD.decode(self.fields()[5]).unwrap())
    }

    /// The connection below TLS.
    pub async fn reach(&self) -> Box<dyn Io> {
        reach(self.fields()[2], self.fields()[3]).await.unwrap()
    }

    /// A TLS handshake as `identity` (`None`: without a certificate), offering `alpn`. The server's part of the check
    /// comes after the client's in TLS 1.3, so that a refusal shows at the first read.
    pub async fn handshake(&self, identity: Option<&Identity>, alpn: &[&[u8]]) -> io::Result<TlsStream<Box<dyn Io>>> {
        let mut config = tls_config(self.certificate(), identity);
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, self.reach().await).await
    }

    /// A channel for calls as `identity`.
    pub async fn connect(&self, identity: &Identity) -> Channel {
        channel(Box::new(self.handshake(Some(identity), &[b"h2"]).await.unwrap())).await
    }

    /// Asks the program to end, and waits as long as the host would.
    pub async fn shut_down(self, channel: Channel) -> End {
        GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
        self.end(HOST_PATIENCE).await
    }

    /// Waits until the program has ended by itself.
    pub async fn end(mut self, limit: Duration) -> End {
        let status = timeout(limit, self.child.wait()).await.expect("the process ends in time").unwrap();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).await.unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).await.unwrap();
        End { status, stdout: self.line + &stdout, stderr }
    }

    /// Sends a signal by its name.
    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap();
        let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {pid}")).status().await.unwrap();
        assert!(status.success());
    }
}

/// What an ended program left.
pub struct End {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

fn tls_config(server: CertificateDer<'static>, identity: Option<&Identity>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(server).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(roots);
    let Some(identity) = identity else { return builder.with_no_client_auth() };
    let key = provider.key_provider.load_private_key(identity.private_key()).unwrap();
    let pair = CertifiedKey::new(vec![identity.certificate.clone()], key);
    builder.with_client_cert_resolver(Arc::new(Always(Arc::new(pair))))
}

pub async fn reach(network: &str, address: &str) -> io::Result<Box<dyn Io>> {
    match network {
        "unix" => Ok(Box::new(UnixStream::connect(Path::new(address)).await?)),
        "tcp" => Ok(Box::new(TcpStream::connect(address).await?)),
        other => panic!("no network is called {other}"),
    }
}

/// HTTP/2 over a connection that stands already.
pub async fn channel(io: Box<dyn Io>) -> Channel {
    let mut once = Some(TokioIo::new(io));
    let connector = tower::service_fn(move |_uri| {
        let io = once.take().ok_or_else(|| io::Error::other("a host connects once"));
        async move { io }
    });
    Endpoint::from_static("http://plugin").connect_with_connector(connector).await.unwrap()
}

/// Asks for the schema, as the first call of every host does.
pub async fn schema(channel: &Channel) -> get_provider_schema::Response {
    let mut client = ProviderClient::new(channel.clone()).max_decoding_message_size(64 << 20);
    client.get_provider_schema(get_provider_schema::Request {}).await.unwrap().into_inner()
}
