//! What became of a request without an answer: sorted by what can be done about it.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::CertificateError;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use url::Url;

use super::HttpError;
use crate::domain::proxy::Proxy;
use crate::explain::chain;

/// How long a proxy may take to say its refusal once more.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a resolver says of a name that does not exist. The standard library gives neither code nor kind for it
/// (`EAI_NONAME` and `EAI_NODATA` of `getaddrinfo`, in the words of glibc, musl, macOS and Windows).
const NO_SUCH_NAME: [&str; 6] = [
    "Name or service not known",
    "No address associated with hostname",
    "Name does not resolve",
    "Name has no usable address",
    "nodename nor servname provided",
    "No such host is known",
];

/// Where a tunnel through a proxy failed, in hyper-util's words: its error type has no name that others can use.
const WANTS_LOGIN: &str = "tunnel error: proxy authorization required";
const NO_TUNNEL: &str = "tunnel error: unsuccessful";

/// What became of a request that went through this proxy, or through none.
pub(in crate::clients) fn fault(
    error: &(dyn Error + 'static),
    target: Option<&Url>,
    proxy: Option<&Proxy>,
) -> HttpError {
    let way = proxy.map_or_else(String::new, |proxy| format!(", through the {proxy}"));
    for cause in causes(error) {
        match cause.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidCertificate(fault)) => {
                return HttpError::Certificate { fault: format!("{fault}{way}"), flaw: Flaw::of(fault) };
            }
            Some(other @ (rustls::Error::InvalidMessage(_) | rustls::Error::AlertReceived(_))) => {
                return HttpError::NotTls { fault: format!("{other}{way}") };
            }
            _ => {}
        }
        let words = cause.to_string();
        if let (Some(proxy), true) = (proxy, words == WANTS_LOGIN || words == NO_TUNNEL) {
            return if words == WANTS_LOGIN { HttpError::wants_login(proxy) } else { refused(proxy) };
        }
        if NO_SUCH_NAME.iter().any(|known| words.contains(known)) {
            let asked = proxy.map(Proxy::url).or(target).and_then(Url::host_str).unwrap_or("?");
            return HttpError::Name { host: asked.to_owned(), fault: format!("{words}{way}") };
        }
    }
    HttpError::Unreachable { fault: format!("{}{way}", chain(error)) }
}

/// What is wrong with a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is for other names.
    Name,
    /// Nobody knows who issued it.
    Issuer,
    /// It has ended, or has not begun.
    Time,
    /// Anything else.
    Other,
}

impl Flaw {
    fn of(error: &CertificateError) -> Self {
        use CertificateError as Error;
        match error {
            Error::NotValidForName | Error::NotValidForNameContext { .. } => Self::Name,
            Error::UnknownIssuer => Self::Issuer,
            Error::Expired | Error::ExpiredContext { .. } | Error::NotValidYet | Error::NotValidYetContext { .. } => {
                Self::Time
            }
            _ => Self::Other,
        }
    }
}

/// An error and what caused it; `io::Error` hides its own.
pub(in crate::clients) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |current: &&'a (dyn Error + 'static)| {
        let current: &'a (dyn Error + 'static) = *current;
        let hidden = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        hidden.map(|inner| inner as &(dyn Error + 'static)).or_else(|| current.source())
    })
}

impl HttpError {
    /// The proxy wants a login, or another one.
    pub(in crate::clients) fn wants_login(proxy: &Proxy) -> Self {
        let words = if proxy.has_login() {
            "407: it does not accept the login that it was given"
        } else {
            "407: it wants a login, and none was given"
        };
        Self::Proxy { proxy: proxy.to_string(), words: words.to_owned(), wants_login: true, is_passing: false }
    }
}

fn refused(proxy: &Proxy) -> HttpError {
    let words = "with a refusal".to_owned();
    HttpError::Proxy { proxy: proxy.to_string(), words, wants_login: false, is_passing: false }
}

/// Asks a proxy that gave no tunnel once more, for its words: the client keeps none of them.
pub(in crate::clients) async fn with_words(error: HttpError, target: Option<&Url>, proxy: Option<&Proxy>) -> HttpError {
    let (HttpError::Proxy { wants_login: false, .. }, Some(target), Some(proxy)) = (&error, target, proxy) else {
        return error;
    };
    let said = tokio::time::timeout(PATIENCE, status_line(proxy, target)).await;
    let Ok(Ok(Some((status, words)))) = said else { return error };
    // Of the server behind, not of the proxy: 502 to 504 (RFC 9110 §15.6).
    HttpError::Proxy { proxy: proxy.to_string(), words, wants_login: false, is_passing: matches!(status, 500..=504) }
}

async fn status_line(proxy: &Proxy, target: &Url) -> io::Result<Option<(u16, String)>> {
    let url = proxy.url();
    let (Some(host), Some(port), "http") = (url.host_str(), url.port_or_known_default(), url.scheme()) else {
        return Ok(None);
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let mut stream = TcpStream::connect((bare, port)).await?;
    let place = format!("{}:{}", target.host_str().unwrap_or_default(), target.port_or_known_default().unwrap_or(443));
    let login =
        super::network::basic_login(url).map_or_else(String::new, |it| format!("Proxy-Authorization: {it}\r\n"));
    stream.write_all(format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{login}\r\n").as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await?;
    let said = line.trim().split_once(' ').map_or("", |(_, said)| said);
    Ok(said.get(..3).and_then(|status| status.parse().ok()).map(|status| (status, said.to_owned())))
}
