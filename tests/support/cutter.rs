//! A connection that breaks: everything is passed on to a server, byte for byte, until so many bytes have been sent to it.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The breaks to come: after how many bytes in all, and how.
type Breaks = Arc<Mutex<VecDeque<(u64, Break)>>>;

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// It ends.
    Cut,
    /// Nothing goes on until the test says so.
    Hold,
}

/// The way to a server; it ends with the test's process.
pub struct Cutter {
    /// Its address and port.
    pub place: String,
    sent: Arc<AtomicU64>,
    breaks: Breaks,
    is_held: Arc<AtomicBool>,
}

impl Cutter {
    /// The way to `upstream` (`HOST:PORT`), with these breaks in the order of their bytes.
    pub fn before(upstream: &str, breaks: &[(u64, Break)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let cutter = Self {
            place: listener.local_addr().unwrap().to_string(),
            sent: Arc::default(),
            breaks: Arc::new(Mutex::new(breaks.iter().copied().collect())),
            is_held: Arc::default(),
        };
        let (upstream, sent) = (upstream.to_owned(), Arc::clone(&cutter.sent));
        let (breaks, is_held) = (Arc::clone(&cutter.breaks), Arc::clone(&cutter.is_held));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&upstream) else { continue };
                let (back, from) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || pass(from, back, |_| true));
                let (sent, breaks, is_held) = (Arc::clone(&sent), Arc::clone(&breaks), Arc::clone(&is_held));
                std::thread::spawn(move || pass(client, server, |count| goes_on(count, &sent, &breaks, &is_held)));
            }
        });
        cutter
    }

    /// How many bytes have been sent to the server.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// Whether a connection is being held.
    pub fn is_holding(&self) -> bool {
        self.is_held.load(Ordering::SeqCst)
    }

    /// Lets what is held go on.
    pub fn let_go(&self) {
        self.is_held.store(false, Ordering::SeqCst);
    }

    /// How many breaks are still to come.
    pub fn left(&self) -> usize {
        self.breaks.lock().unwrap().len()
    }
}

fn goes_on(count: u64, sent: &AtomicU64, breaks: &Breaks, is_held: &AtomicBool) -> bool {
    let sent = sent.fetch_add(count, Ordering::SeqCst) + count;
    let due = {
        let mut breaks = breaks.lock().unwrap();
        let is_due = breaks.front().is_some_and(|(at, _)| *at <= sent);
        if is_due { breaks.pop_front() } else { None }
    };
    match due {
        Some((_, Break::Cut)) => return false,
        Some((_, Break::Hold)) => is_held.store(true, Ordering::SeqCst),
        None => {}
    }
    while is_held.load(Ordering::SeqCst) {
        // Whoever lets go of it wakes nobody.
        std::thread::park_timeout(Duration::from_millis(20));
    }
    true
}

fn pass(mut from: TcpStream, mut to: TcpStream, goes_on: impl Fn(u64) -> bool) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut piece) {
        if read == 0 || !goes_on(u64::try_from(read).unwrap()) || to.write_all(&piece[..read]).is_err() {
            break;
        }
    }
    let _ended = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
