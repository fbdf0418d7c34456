//! A blob as the body of a request: each byte is hashed as it is sent, and the last piece only goes out if the whole fits
//! its digest. So nothing that was damaged on disk or on the way ever becomes a blob.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use aws_lc_rs::digest::{self, SHA256};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::digest::hex;

use super::pieces::Pieces;

/// How many bytes lie between two states of the hash that are kept: a broken upload goes on from the one before its end.
const STRIDE: u64 = 16 * 1024 * 1024;

/// What is known of a blob that is being sent, over all attempts.
pub(super) struct Tally {
    wanted: String,
    size: u64,
    /// States of the hash, by how many bytes are in them.
    marks: Vec<(u64, digest::Context)>,
    /// How far this attempt has come.
    reached: u64,
    fault: Option<Fault>,
}

/// Why the content cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It cannot be read to its end.
    Unreadable(String),
    /// It is not what its digest says.
    Digest(String),
}

impl Tally {
    pub(super) fn new(wanted: &str, size: u64) -> Self {
        let marks = vec![(0, digest::Context::new(&SHA256))];
        Self { wanted: wanted.to_owned(), size, marks, reached: 0, fault: None }
    }

    /// Where to begin to read so that a body can be sent from `offset` on.
    pub(super) fn start(&self, offset: u64) -> u64 {
        self.marks.iter().rev().find(|(at, _)| *at <= offset).map_or(0, |(at, _)| *at)
    }

    /// How far this attempt has come, and whether all was handed to the connection.
    pub(super) fn standing(&self) -> (u64, bool) {
        (self.reached, self.reached == self.size)
    }

    /// What was wrong with the content in this attempt.
    pub(super) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }
}

/// The body.
pub(super) struct Sending {
    pieces: Pieces,
    tally: Arc<Mutex<Tally>>,
    hash: digest::Context,
    /// How much was hashed.
    at: u64,
    /// How much the registry has already.
    offset: u64,
    size: u64,
}

impl Sending {
    /// What is left from `offset` on; `pieces` begin at [`Tally::start`] of it.
    pub(super) fn new(pieces: Pieces, tally: &Arc<Mutex<Tally>>, offset: u64) -> Self {
        let mut known = locked(tally);
        let start = known.start(offset);
        known.marks.retain(|(at, _)| *at <= start);
        (known.reached, known.fault) = (offset, None);
        let hash = known.marks.last().map_or_else(|| digest::Context::new(&SHA256), |(_, hash)| hash.clone());
        let size = known.size;
        drop(known);
        Self { pieces, tally: Arc::clone(tally), hash, at: start, offset, size }
    }

    /// Takes a piece into account: what of it is to be sent.
    fn take(&mut self, mut piece: Bytes) -> Result<Bytes, Fault> {
        let before = self.at;
        self.at += u64::try_from(piece.len()).unwrap_or_default();
        if self.at > self.size {
            return Err(Fault::Unreadable(format!("it is longer than the {} bytes that it should have", self.size)));
        }
        self.hash.update(&piece);
        let mut tally = locked(&self.tally);
        if before / STRIDE != self.at / STRIDE {
            tally.marks.push((self.at, self.hash.clone()));
        }
        if self.at == self.size {
            let found = format!("sha256:{}", hex(self.hash.clone().finish().as_ref()));
            if found != tally.wanted {
                return Err(Fault::Digest(found));
            }
        }
        tally.reached = tally.reached.max(self.at);
        let known = self.offset.saturating_sub(before);
        Ok(piece.split_off(usize::try_from(known).unwrap_or(usize::MAX).min(piece.len())))
    }

    fn next(&mut self, piece: Option<io::Result<Bytes>>) -> Result<Option<Bytes>, Fault> {
        match piece {
            Some(Ok(piece)) => self.take(piece).map(Some),
            Some(Err(error)) => Err(Fault::Unreadable(error.to_string())),
            None if self.at < self.size => {
                Err(Fault::Unreadable(format!("it ends after {} of {} bytes", self.at, self.size)))
            }
            None => Ok(None),
        }
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            let Poll::Ready(piece) = self.pieces.poll_recv(cx) else { return Poll::Pending };
            match self.next(piece) {
                Ok(Some(piece)) if piece.is_empty() => {}
                Ok(Some(piece)) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
                Ok(None) => return Poll::Ready(None),
                Err(fault) => {
                    locked(&self.tally).fault = Some(fault);
                    return Poll::Ready(Some(Err(io::Error::other("the content cannot be sent"))));
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.size.saturating_sub(self.offset.max(self.at)))
    }
}

pub(super) fn locked(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;
    use crate::clients::oci::pieces::of_reader;
    use crate::domain::oci::digest_of;

    async fn sent(content: &[u8], tally: &Arc<Mutex<Tally>>, offset: u64) -> (Vec<u8>, Option<Fault>) {
        let start = usize::try_from(locked(tally).start(offset)).unwrap();
        let rest = content.get(start..).unwrap_or_default().to_vec();
        let mut body = Sending::new(of_reader(Box::new(io::Cursor::new(rest))), tally, offset);
        let mut sent = Vec::new();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let Ok(frame) = frame else { break };
            sent.extend(frame.into_data().unwrap());
        }
        (sent, locked(tally).take_fault())
    }

    fn content(size: usize) -> Vec<u8> {
        (0..size).map(|index| u8::try_from(index % 251).unwrap()).collect()
    }

    fn tally(content: &[u8]) -> Arc<Mutex<Tally>> {
        Arc::new(Mutex::new(Tally::new(&digest_of(content), u64::try_from(content.len()).unwrap())))
    }

    #[tokio::test]
    async fn an_upload_goes_on_where_the_registry_says_and_the_whole_is_still_checked() {
        let content = content(40 * 1024 * 1024 + 17);
        let tally = tally(&content);
        assert_eq!(sent(&content, &tally, 0).await, (content.clone(), None));
        for offset in [1, 5_000_000, 17 * 1024 * 1024, content.len() - 1] {
            assert!(offset < 16 * 1024 * 1024 || locked(&tally).start(u64::try_from(offset).unwrap()) > 0);
            let (rest, fault) = sent(&content, &tally, u64::try_from(offset).unwrap()).await;
            assert!(rest == content[offset..] && fault.is_none(), "{offset} {fault:?}");
        }
    }

    #[tokio::test]
    async fn what_does_not_fit_its_digest_is_never_sent_to_its_end() {
        let whole = content(1_000_000);
        let tally = tally(&whole);
        let mut damaged = whole.clone();
        damaged[999_999] ^= 1;
        let (part, fault) = sent(&damaged, &tally, 0).await;
        assert!(part.len() < damaged.len() && matches!(fault, Some(Fault::Digest(_))), "{fault:?}");
        let (_, fault) = sent(&whole[..500_000], &tally, 0).await;
        assert_eq!(fault, Some(Fault::Unreadable("it ends after 500000 of 1000000 bytes".to_owned())));
        let longer = [whole.as_slice(), b"x"].concat();
        let (part, fault) = sent(&longer, &tally, 0).await;
        assert!(part.len() < whole.len() && matches!(fault, Some(Fault::Unreadable(_))), "{fault:?}");
    }
}
