//! A proxy before a server that speaks HTTP/1.1 in clear text: it notes each request that passes.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The proxy; it ends with the test's runtime.
#[derive(Clone)]
pub struct Recorder {
    address: String,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    /// Listens on a free port and passes everything on to `upstream` (`http://host:port`).
    pub async fn before(upstream: &str) -> Self {
        let upstream = upstream.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::<Mutex<Vec<u8>>>::default();
        let recorder = Self { address, sent: Arc::clone(&sent) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&upstream).await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pass(from_client, to_server, Some(Arc::clone(&sent))));
                tokio::spawn(pass(from_server, to_client, None));
            }
        });
        recorder
    }

    /// Where to send requests.
    pub fn url(&self) -> &str {
        &self.address
    }

    /// What passed: `METHOD PATH` for each request, and the action of those that name it in their body (IAM, STS).
    pub fn requests(&self) -> Vec<String> {
        let sent = String::from_utf8_lossy(&self.sent.lock().unwrap()).into_owned();
        let lines = sent.lines().filter_map(|line| {
            let request = line.rfind("POST /").or(line.rfind("GET /")).or(line.rfind("DELETE /"));
            let request = request.and_then(|start| line.get(start..)?.strip_suffix(" HTTP/1.1"));
            let action = line.find("Action=").and_then(|start| line.get(start + 7..)?.split('&').next());
            request.map(str::to_owned).into_iter().chain(action.map(str::to_owned)).last()
        });
        lines.filter(|line| line != "POST /").collect()
    }

    /// All that was sent, as text: what a test looks for in the bodies.
    pub fn bodies(&self) -> String {
        String::from_utf8_lossy(&self.sent.lock().unwrap()).into_owned()
    }

    /// How many of the requests contain `text`.
    pub fn count(&self, text: &str) -> usize {
        self.requests().iter().filter(|request| request.contains(text)).count()
    }
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWriteExt + Unpin, note: Option<Arc<Mutex<Vec<u8>>>>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read) = from.read(&mut buffer).await {
        if read == 0 || to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
        if let Some(note) = &note {
            note.lock().unwrap().extend_from_slice(&buffer[..read]);
        }
    }
    let _closed = to.shutdown().await;
}
