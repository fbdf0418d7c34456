//! What a host says in the environment when it starts a plugin, and the one line that is answered on stdout.
//!
//! Source of the names and formats: go-plugin's `server.go` and `client.go`.

use std::{fmt, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::env::Env;

/// Set by every host to [`COOKIE`]; absent when somebody starts the program by hand.
const COOKIE_NAME: &str = "TF_PLUGIN_MAGIC_COOKIE";
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
/// The version of go-plugin's own protocol.
const CORE_PROTOCOL: u8 = 1;
/// The major version of Terraform's protocol that is served; the minor one is never negotiated.
pub const PROTOCOL: u8 = 6;

/// How the host wants to be served.
#[derive(Debug)]
pub struct Invitation {
    /// Where a unix socket may be made.
    pub socket_folder: PathBuf,
    /// The ports that may be used if there can be no unix socket, both ends included. `None`: any.
    pub ports: Option<(u16, u16)>,
    /// The one client that may connect. `None`: the host switched TLS off.
    pub client: Option<CertificateDer<'static>>,
    /// Whether the host named [`PROTOCOL`] among the versions it speaks.
    pub speaks_our_protocol: bool,
}

/// Why a process cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum NotInvited {
    /// Somebody started the program by hand.
    #[error("no host started this process: {COOKIE_NAME} is not set to the value of Terraform's plugins")]
    NoCookie,
    /// Serving without the certificate would let every local user in, so there is no fallback.
    #[error("PLUGIN_CLIENT_CERT holds no PEM certificate")]
    BadCertificate,
}

impl Invitation {
    /// Reads the invitation from the environment.
    pub fn read(env: &Env) -> Result<Self, NotInvited> {
        if env.get(COOKIE_NAME) != Some(COOKIE) {
            return Err(NotInvited::NoCookie);
        }
        Ok(Self { client: client_certificate(env)?, ..Self::without_host(env) })
    }

    /// What a process serves that waits for a host to attach to it: plaintext, since such a host has no certificate.
    pub fn without_host(env: &Env) -> Self {
        let folder = env.first(&["PLUGIN_UNIX_SOCKET_DIR", "TMPDIR"]).map_or("/tmp", |(_, folder)| folder);
        Self {
            socket_folder: std::path::absolute(folder).unwrap_or_else(|_| PathBuf::from(folder)),
            ports: ports(env),
            client: None,
            speaks_our_protocol: speaks(env.get("PLUGIN_PROTOCOL_VERSIONS")),
        }
    }
}

fn client_certificate(env: &Env) -> Result<Option<CertificateDer<'static>>, NotInvited> {
    let Some(pem) = env.get("PLUGIN_CLIENT_CERT") else { return Ok(None) };
    CertificateDer::from_pem_slice(pem.as_bytes()).map(Some).map_err(|_| NotInvited::BadCertificate)
}

fn ports(env: &Env) -> Option<(u16, u16)> {
    let low = env.get("PLUGIN_MIN_PORT")?.parse().ok()?;
    let high = env.get("PLUGIN_MAX_PORT")?.parse().ok()?;
    (low <= high).then_some((low, high))
}

/// A host that names no versions is older than the naming of versions.
fn speaks(versions: Option<&str>) -> bool {
    versions.is_none_or(|list| list.split(',').any(|version| version.trim().parse() == Ok(PROTOCOL)))
}

/// Where the plugin listens, in the words of the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// `unix` or `tcp`.
    pub network: &'static str,
    /// A socket's path, or `127.0.0.1:port`.
    pub text: String,
}

/// The line that tells the host where to connect and which certificate to expect there.
pub struct Line<'a> {
    /// Where the plugin listens already.
    pub address: &'a Address,
    /// The server's certificate; `None` in plaintext.
    pub certificate: Option<&'a CertificateDer<'static>>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Address { network, text } = self.address;
        let certificate = self.certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
        write!(f, "{CORE_PROTOCOL}|{PROTOCOL}|{network}|{text}|grpc|{certificate}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(more: &[(&str, &str)]) -> Env {
        [(COOKIE_NAME, COOKIE)].iter().chain(more).copied().collect()
    }

    #[test]
    fn a_missing_or_wrong_cookie_is_no_invitation() {
        let wrong: Env = [(COOKIE_NAME, "d602")].into_iter().collect();
        assert!(matches!(Invitation::read(&wrong), Err(NotInvited::NoCookie)));
        assert!(matches!(Invitation::read(&Env::default()), Err(NotInvited::NoCookie)));
    }

    #[test]
    fn a_broken_certificate_is_not_taken_for_none() {
        let broken = env(&[("PLUGIN_CLIENT_CERT", "-----BEGIN NOTHING-----")]);
        assert!(matches!(Invitation::read(&broken), Err(NotInvited::BadCertificate)));
        assert!(Invitation::read(&env(&[])).unwrap().client.is_none());
    }

    #[test]
    fn the_folder_of_the_host_comes_before_the_temporary_one() {
        let folder = |more: &[(&str, &str)]| Invitation::read(&env(more)).unwrap().socket_folder;
        assert_eq!(folder(&[("TMPDIR", "/t"), ("PLUGIN_UNIX_SOCKET_DIR", "/p")]), PathBuf::from("/p"));
        assert_eq!(folder(&[("TMPDIR", "/t")]), PathBuf::from("/t"));
        assert_eq!(folder(&[]), PathBuf::from("/tmp"));
        assert!(folder(&[("TMPDIR", "relative")]).is_absolute());
    }

    #[test]
    fn ports_need_both_ends_in_order() {
        let ports = |more: &[(&str, &str)]| Invitation::read(&env(more)).unwrap().ports;
        assert_eq!(ports(&[("PLUGIN_MIN_PORT", "10000"), ("PLUGIN_MAX_PORT", "25000")]), Some((10000, 25000)));
        assert_eq!(ports(&[("PLUGIN_MIN_PORT", "25000"), ("PLUGIN_MAX_PORT", "10000")]), None);
        assert_eq!(ports(&[("PLUGIN_MIN_PORT", "10000")]), None);
    }

    #[test]
    fn versions_come_in_any_order() {
        assert!(speaks(Some("5,6")) && speaks(Some("6,5")) && speaks(None));
        assert!(!speaks(Some("4,5")));
    }

    #[test]
    fn the_line_has_six_fields_and_no_padding() {
        let address = Address { network: "tcp", text: "127.0.0.1:10001".to_owned() };
        let plain = Line { address: &address, certificate: None }.to_string();
        assert_eq!(plain, "1|6|tcp|127.0.0.1:10001|grpc|");
        let der = CertificateDer::from(vec![255, 254, 253, 252]);
        let line = Line { address: &address, certificate: Some(&der) }.to_string();
        assert_eq!(line, "1|6|tcp|127.0.0.1:10001|grpc|//79/A");
    }
}
