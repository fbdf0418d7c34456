//! Serves a provider to its one host until the host ends it or is gone.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::StreamExt;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Server, server::Connected};

use super::{
    listen::{Io, Listener},
    proto::{
        go_plugin::{
            grpc_broker_server::GrpcBrokerServer, grpc_controller_server::GrpcControllerServer,
            grpc_stdio_server::GrpcStdioServer,
        },
        health::health_server::HealthServer,
        tfplugin6::provider_server::{Provider, ProviderServer},
    },
    side::Side,
};

/// The largest message taken and sent, in bytes, as in terraform-plugin-go's `tf6server/server.go`.
pub const MESSAGE_LIMIT: usize = 256 << 20;
/// How long running calls may take to end once the host wants the process gone. The host kills after two seconds.
const GRACE: Duration = Duration::from_millis(1500);
/// How long a client may take for its TLS handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long a listener rests that cannot accept, for example since the process has too many files open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// More calls at once than any host makes: one for each of Terraform's `-parallelism`, 10 unless told otherwise.
const MAX_CONCURRENT_CALLS: u32 = 1024;
/// How much of one message, and of all, may be on its way unread, in bytes.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// When a process whose host vanished without a word ends by itself. A host connects once and keeps its connection.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long to wait for the first connection.
    pub first: Duration,
    /// How long to wait for another one after the last one closed.
    pub again: Duration,
}

impl Patience {
    /// The host gives up on a start after one minute, and never reconnects.
    pub const HOST: Self = Self { first: Duration::from_secs(90), again: Duration::from_secs(5) };
}

/// Serves `provider` until `stop`, or until the host is gone for longer than `patience` has (`None`: for ever).
/// Clients need the certificate that `tls` admits; without it, who reaches the listener is let in.
pub async fn serve<P: Provider>(
    provider: P,
    listener: Listener,
    tls: Option<Arc<ServerConfig>>,
    patience: Option<Patience>,
    stop: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let (arrivals, incoming) = mpsc::channel(1);
    let present = watch::Sender::new(0);
    if let Some(patience) = patience {
        tokio::spawn(stop_when_abandoned(present.subscribe(), patience, stop.clone()));
    }
    let door = Door { tls: tls.map(TlsAcceptor::from), arrivals, present };
    let keeping = tokio::spawn(stop.clone().run_until_cancelled_owned(door.keep(listener)));
    let connections = ReceiverStream::new(incoming).map(Ok::<_, Infallible>);
    let serving = router(provider, &stop).serve_with_incoming_shutdown(connections, stop.clone().cancelled_owned());
    let ended = tokio::select! {
        ended = serving => ended,
        () = grace_is_over(&stop) => Ok(()),
    };
    stop.cancel();
    // The listener is closed and its file is gone when this task has ended.
    let _ = keeping.await;
    ended
}

fn router<P: Provider>(provider: P, stop: &CancellationToken) -> tonic::transport::server::Router {
    let side = Side::new(stop.clone());
    let provider =
        ProviderServer::new(provider).max_decoding_message_size(MESSAGE_LIMIT).max_encoding_message_size(MESSAGE_LIMIT);
    Server::builder()
        .max_concurrent_streams(MAX_CONCURRENT_CALLS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .add_service(provider)
        .add_service(GrpcControllerServer::new(side.clone()))
        .add_service(GrpcStdioServer::new(side.clone()))
        .add_service(GrpcBrokerServer::new(side.clone()))
        .add_service(HealthServer::new(side))
}

async fn grace_is_over(stop: &CancellationToken) {
    stop.cancelled().await;
    sleep(GRACE).await;
    tracing::warn!("calls were still running when the grace period ended");
}

async fn stop_when_abandoned(mut present: watch::Receiver<usize>, patience: Patience, stop: CancellationToken) {
    let mut limit = patience.first;
    while timeout(limit, present.wait_for(|count| *count > 0)).await.is_ok() {
        if present.wait_for(|count| *count == 0).await.is_err() {
            return;
        }
        limit = patience.again;
    }
    tracing::warn!("the host is gone: ending");
    stop.cancel();
}

/// Lets clients in.
#[derive(Clone)]
struct Door {
    tls: Option<TlsAcceptor>,
    arrivals: mpsc::Sender<Connection>,
    present: watch::Sender<usize>,
}

impl Door {
    /// Takes connections for ever: one that fails is that client's affair.
    async fn keep(self, listener: Listener) {
        loop {
            match listener.accept().await {
                Ok(io) => {
                    tokio::spawn(self.clone().admit(io));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn admit(self, io: Box<dyn Io>) {
        match self.identify(io).await {
            Ok(io) => {
                let connection = Connection { io, _presence: Presence::enter(self.present) };
                // The receiver is gone once the process is ending.
                let _ = self.arrivals.send(connection).await;
            }
            Err(error) => tracing::warn!(%error, "refused a connection"),
        }
    }

    async fn identify(&self, io: Box<dyn Io>) -> io::Result<Box<dyn Io>> {
        let Some(tls) = &self.tls else { return Ok(io) };
        Ok(Box::new(timeout(HANDSHAKE_LIMIT, tls.accept(io)).await??))
    }
}

/// Counts a client in as long as it lives.
struct Presence(watch::Sender<usize>);

impl Presence {
    fn enter(present: watch::Sender<usize>) -> Self {
        present.send_modify(|count| *count = count.saturating_add(1));
        Self(present)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// The connection of a client that was let in.
struct Connection {
    io: Box<dyn Io>,
    _presence: Presence,
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { first: Duration::from_secs(90), again: Duration::from_secs(5) };

    /// A process that may be abandoned: how many clients it has, and whether it ends.
    fn process() -> (watch::Sender<usize>, CancellationToken) {
        let (present, stop) = (watch::Sender::new(0), CancellationToken::new());
        tokio::spawn(stop_when_abandoned(present.subscribe(), PATIENCE, stop.clone()));
        (present, stop)
    }

    async fn ends_within(stop: &CancellationToken, limit: Duration) -> bool {
        timeout(limit, stop.cancelled()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_coming_at_all_ends_it() {
        let (_present, stop) = process();
        assert!(!ends_within(&stop, Duration::from_secs(89)).await);
        assert!(ends_within(&stop, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_stays_keeps_it_and_one_that_leaves_ends_it() {
        let (present, stop) = process();
        let host = Presence::enter(present.clone());
        assert!(!ends_within(&stop, Duration::from_hours(24)).await);
        drop(host);
        assert!(!ends_within(&stop, Duration::from_secs(4)).await);
        assert!(ends_within(&stop, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_comes_back_in_time_keeps_it() {
        let (present, stop) = process();
        drop(Presence::enter(present.clone()));
        assert!(!ends_within(&stop, Duration::from_secs(4)).await);
        let _host = Presence::enter(present.clone());
        assert!(!ends_within(&stop, Duration::from_hours(1)).await);
    }
}
