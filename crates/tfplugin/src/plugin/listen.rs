//! Where the host connects: a unix socket in the asked folder, or a local TCP port where no socket can be.

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::{
    collections::hash_map::RandomState,
    fs,
    hash::{BuildHasher, Hasher},
    io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};

use super::handshake::{Address, Invitation};

/// A connection of whatever kind.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Takes connections from this machine.
pub struct Listener {
    address: Address,
    socket: Socket,
}

enum Socket {
    #[cfg(unix)]
    Unix(UnixListener, SocketFile),
    Tcp(TcpListener),
}

impl Listener {
    /// Listens as the host asked for. Paths of sockets are limited to some hundred bytes and folders may be read-only, so
    /// that TCP is the way out of everything that can go wrong with a socket.
    pub async fn open(invitation: &Invitation) -> io::Result<Self> {
        match Self::unix(&invitation.socket_folder) {
            Ok(listener) => Ok(listener),
            Err(error) => {
                tracing::debug!(%error, "listening on TCP, since there can be no unix socket");
                Self::tcp(invitation.ports).await
            }
        }
    }

    #[cfg(unix)]
    fn unix(folder: &Path) -> io::Result<Self> {
        let path = folder.join(format!("plugin-{:016x}", random()));
        // The handshake's line separates its fields by bars and is UTF-8.
        let Some(text) = path.to_str().filter(|text| !text.contains(['|', '\n'])) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a socket's path cannot hold a bar"));
        };
        let address = Address { network: "unix", text: text.to_owned() };
        let listener = UnixListener::bind(&path)?;
        let file = SocketFile(path);
        fs::set_permissions(&file.0, fs::Permissions::from_mode(0o600))?;
        Ok(Self { address, socket: Socket::Unix(listener, file) })
    }

    #[cfg(not(unix))]
    fn unix(_folder: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn tcp(ports: Option<(u16, u16)>) -> io::Result<Self> {
        let listener = match ports {
            Some((low, high)) => bind_between(low, high).await?,
            None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        };
        let address = Address { network: "tcp", text: listener.local_addr()?.to_string() };
        Ok(Self { address, socket: Socket::Tcp(listener) })
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The next connection.
    pub async fn accept(&self) -> io::Result<Box<dyn Io>> {
        match &self.socket {
            #[cfg(unix)]
            Socket::Unix(listener, _file) => Ok(Box::new(listener.accept().await?.0)),
            Socket::Tcp(listener) => {
                let (stream, _peer) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

/// The file of a socket, removed when the socket is closed.
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Somebody may have cleaned the folder before.
        let _ = fs::remove_file(&self.0);
    }
}

/// Binds the first free port, from a random one on: many providers start at the same time with the same range.
async fn bind_between(low: u16, high: u16) -> io::Result<TcpListener> {
    let count = u64::from(high - low) + 1;
    let start = random() % count;
    let mut last = None;
    for step in 0..count {
        let port = low.saturating_add(u16::try_from((start + step) % count).unwrap_or_default());
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => return Ok(listener),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
}

/// A number that differs from process to process; nothing secret hangs on it.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Env;

    fn invitation(folder: &Path) -> Invitation {
        let mut invitation = Invitation::without_host(&Env::default());
        invitation.socket_folder = folder.to_owned();
        invitation
    }

    #[tokio::test]
    async fn a_socket_is_private_and_goes_with_its_listener() {
        let folder = tempfile::tempdir().unwrap();
        let listener = Listener::open(&invitation(folder.path())).await.unwrap();
        let path = PathBuf::from(&listener.address().text);
        assert_eq!(path.parent(), Some(folder.path()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_folder_without_room_for_a_socket_leads_to_a_port_of_the_range() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let range = (port.saturating_sub(1), port.saturating_add(1));
        for folder in [Path::new("/no/such/folder"), Path::new("/tmp/a|b"), &PathBuf::from("/tmp/x".repeat(60))] {
            let invitation = Invitation { ports: Some(range), ..invitation(folder) };
            let listener = Listener::open(&invitation).await.unwrap();
            assert_eq!(listener.address().network, "tcp");
            let bound: u16 = listener.address().text.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
            assert!(bound != port && (range.0..=range.1).contains(&bound));
        }
    }
}
