//! A tiny server for the files of http-01 challenges (RFC 8555 §8.3): it knows one kind of path and nothing else.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::domain::http01_solver::PATH;

/// How long a visitor may take to ask and to read the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest request that is read; a validator's has a few hundred bytes.
const MAX_REQUEST: usize = 8 * 1024;

/// The servers of this process, one for each address: certificates that are issued at the same time share one.
#[derive(Default)]
pub struct Responders(Mutex<BTreeMap<SocketAddr, Weak<Responder>>>);

/// One server. It stops when the last one who holds it lets go.
pub struct Responder {
    /// Contents by token.
    files: Arc<Mutex<BTreeMap<String, String>>>,
    /// Where it listens.
    pub address: SocketAddr,
    _stop: DropGuard,
}

impl Responders {
    /// The server at an address, such as `0.0.0.0:80`; started if there is none.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn at(&self, address: SocketAddr) -> std::io::Result<Arc<Responder>> {
        if let Some(running) = self.running(address) {
            return Ok(running);
        }
        match Responder::start(address).await {
            Ok(started) => {
                let started = Arc::new(started);
                self.all().insert(address, Arc::downgrade(&started));
                Ok(started)
            }
            // Somebody of ours may have been faster.
            Err(error) => self.running(address).ok_or(error),
        }
    }

    fn running(&self, address: SocketAddr) -> Option<Arc<Responder>> {
        self.all().get(&address).and_then(Weak::upgrade)
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<SocketAddr, Weak<Responder>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Responder {
    async fn start(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (files, stop) = (Arc::default(), CancellationToken::new());
        let serving = serve(listener, Arc::clone(&files));
        tokio::spawn(stop.clone().run_until_cancelled_owned(serving));
        tracing::info!(%address, "serving http-01 challenges");
        Ok(Self { files, address, _stop: stop.drop_guard() })
    }

    /// Serves a file.
    pub fn put(&self, token: &str, content: &str) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(token.to_owned(), content.to_owned());
    }

    /// Serves it no more.
    pub fn remove(&self, token: &str) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
    }
}

async fn serve(listener: TcpListener, files: Arc<Mutex<BTreeMap<String, String>>>) {
    loop {
        let Ok((visitor, from)) = listener.accept().await else { continue };
        let files = Arc::clone(&files);
        tokio::spawn(async move {
            let answered = tokio::time::timeout(PATIENCE, answer(visitor, &files)).await;
            tracing::debug!(%from, ?answered, "http-01 visitor");
        });
    }
}

async fn answer(mut visitor: TcpStream, files: &Mutex<BTreeMap<String, String>>) -> std::io::Result<()> {
    let head = read_head(&mut visitor).await?;
    let found =
        asked_token(&head).and_then(|token| files.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned());
    let (status, body) = match found {
        Some(content) => ("200 OK", content),
        None => ("404 Not Found", "no such challenge\n".to_owned()),
    };
    let length = body.len();
    let reply = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    visitor.write_all(reply.as_bytes()).await?;
    visitor.shutdown().await
}

/// Everything up to the empty line.
async fn read_head(visitor: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while head.len() < MAX_REQUEST && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match visitor.read(&mut part).await? {
            0 => break,
            read => head.extend(part.iter().take(read)),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// The token that a request's first line asks for.
fn asked_token(head: &str) -> Option<&str> {
    let mut words = head.lines().next()?.split(' ');
    let is_get = words.next() == Some("GET");
    let path = words.next()?.split('?').next()?;
    path.strip_prefix(PATH).filter(|_| is_get)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut line = TcpStream::connect(address).await.unwrap();
        line.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        line.read_to_string(&mut reply).await.unwrap();
        reply
    }

    #[tokio::test]
    async fn what_is_put_is_served_and_nothing_else() {
        let responders = Responders::default();
        let server = responders.at("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.address;
        server.put("token", "token.print");
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\n");
        let found = ask(address, &get("/.well-known/acme-challenge/token")).await;
        assert!(found.starts_with("HTTP/1.1 200 OK\r\n") && found.ends_with("\r\n\r\ntoken.print"), "{found}");
        for request in [get("/"), get("/.well-known/acme-challenge/other"), "POST / HTTP/1.1\r\n\r\n".to_owned()] {
            assert!(ask(address, &request).await.starts_with("HTTP/1.1 404"), "{request}");
        }
        server.remove("token");
        assert!(ask(address, &get("/.well-known/acme-challenge/token")).await.starts_with("HTTP/1.1 404"));
    }

    #[tokio::test]
    async fn one_address_has_one_server_which_ends_with_its_last_user() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let responders = Responders::default();
        let (one, two) = (responders.at(free).await.unwrap(), responders.at(free).await.unwrap());
        assert!(Arc::ptr_eq(&one, &two));
        assert!(Responders::default().at(free).await.is_err(), "the address is taken");
        drop((one, two));
        while TcpStream::connect(free).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(responders.at(free).await.is_ok());
    }
}
