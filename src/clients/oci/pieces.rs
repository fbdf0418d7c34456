//! Content on its way, piece by piece: from a file, or from another registry.

use std::io::{self, Read};

use bytes::Bytes;
use reqwest::Response;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::explain::chain;

/// The size of a piece in bytes, and how many wait to be taken. Four blobs at a time stay below 4 MiB.
const PIECE: usize = 256 * 1024;
const WAITING: usize = 2;

/// How long a registry may take for the next bytes of a blob.
const SILENCE: std::time::Duration = std::time::Duration::from_mins(1);

/// The pieces, in order.
pub(super) type Pieces = Receiver<io::Result<Bytes>>;

/// Reads on a thread of its own, no further ahead than a few pieces.
pub(super) fn of_reader(reader: Box<dyn Read + Send>) -> Pieces {
    let (sender, pieces) = channel(WAITING);
    tokio::task::spawn_blocking(move || read_all(reader, &sender));
    pieces
}

fn read_all(mut reader: Box<dyn Read + Send>, sender: &Sender<io::Result<Bytes>>) {
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        let limit = u64::try_from(PIECE).unwrap_or(u64::MAX);
        let read = reader.by_ref().take(limit).read_to_end(&mut piece);
        let piece = match read {
            Ok(0) => return,
            Ok(_) => Ok(Bytes::from(piece)),
            Err(error) => Err(error),
        };
        let is_last = piece.is_err();
        if sender.blocking_send(piece).is_err() || is_last {
            return;
        }
    }
}

/// Takes an answer's body as it comes, without its first `skipped` bytes.
pub(super) fn of_answer(answer: Response, skipped: u64) -> Pieces {
    let (sender, pieces) = channel(WAITING);
    tokio::spawn(async move {
        let pumped = pump(answer, skipped, &sender).await;
        if let Err(error) = pumped {
            // Nobody may be waiting any more.
            let _gone = sender.send(Err(error)).await;
        }
    });
    pieces
}

async fn pump(mut answer: Response, mut skipped: u64, sender: &Sender<io::Result<Bytes>>) -> io::Result<()> {
    let silent = |_| io::Error::other("the registry that it comes from sends nothing for a minute");
    let broken =
        |error: reqwest::Error| io::Error::other(format!("the registry that it comes from: {}", chain(&error)));
    while let Some(mut piece) = tokio::time::timeout(SILENCE, answer.chunk()).await.map_err(silent)?.map_err(broken)? {
        let cut = usize::try_from(skipped).unwrap_or(usize::MAX).min(piece.len());
        skipped -= u64::try_from(cut).unwrap_or_default();
        let rest = piece.split_off(cut);
        if !rest.is_empty() && sender.send(Ok(rest)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}
