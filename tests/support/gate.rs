//! A proxy before an AWS endpoint that notes each request, and answers some of them itself, as AWS would.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

type Refuse = Arc<dyn Fn(&str, &str) -> Option<String> + Send + Sync>;

/// The proxy; it ends with the test's process.
pub struct Gate {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Gate {
    /// Passes everything on to `upstream` (`http://host:port`), but for the requests to which `refuse` (given the line
    /// `METHOD PATH` and the body) has an answer: an XML document, of the status 400 unless it holds a result.
    pub fn before(upstream: &str, refuse: impl Fn(&str, &str) -> Option<String> + Send + Sync + 'static) -> Self {
        let upstream = upstream.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (noted, refuse): (_, Refuse) = (Arc::clone(&requests), Arc::new(refuse));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, noted, refuse) = (upstream.clone(), Arc::clone(&noted), Arc::clone(&refuse));
                std::thread::spawn(move || serve(client, &upstream, &noted, &refuse));
            }
        });
        Self { url, requests }
    }

    /// Where to send requests.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The requests since the last time this was asked: `METHOD PATH` each.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

/// One request a connection: both sides are told to close it.
fn serve(client: TcpStream, upstream: &str, noted: &Mutex<Vec<String>>, refuse: &Refuse) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let header =
        |name: &str| lines.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix(name).map(str::to_owned));
    let length = header("content-length:").and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let line = lines.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    noted.lock().unwrap().push(line.clone());
    let answer = match refuse(&line, &String::from_utf8_lossy(&body)) {
        Some(document) => answer_of(&document),
        None => passed_on(upstream, &lines, &body)?,
    };
    let mut client = client;
    client.write_all(&answer).ok()
}

fn answer_of(document: &str) -> Vec<u8> {
    // The answers of AWS's query APIs hold an element `…Result`; its refusals do not.
    let status = if document.contains("Result>") { "200 OK" } else { "400 Bad Request" };
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nConnection: close\r\n");
    format!("{head}Content-Length: {}\r\n\r\n{document}", document.len()).into_bytes()
}

fn passed_on(upstream: &str, lines: &[String], body: &[u8]) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).ok()?;
    let kept = lines.iter().map(String::as_str).filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head: Vec<_> = kept.chain(["Connection: close", "\r\n"]).collect();
    server.write_all(head.join("\r\n").as_bytes()).ok()?;
    server.write_all(body).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    Some(answer)
}
