//! Where content lies on this machine, and how it is read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek as _, SeekFrom};
use std::path::PathBuf;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use crate::digest::hex;

/// The largest document read from files.
const DOCUMENT_LIMIT: u64 = 16 * 1024 * 1024;

/// How many of its first bytes tell how something is compressed.
pub(super) const START: u64 = 4;

/// Where content lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File {
        /// Which.
        path: PathBuf,
        /// Where it begins.
        offset: u64,
        /// How long it is.
        size: u64,
    },
    /// The same in what gzip has compressed; the places are those of what comes out.
    Packed {
        /// Which.
        path: PathBuf,
        /// Where it begins.
        offset: u64,
        /// How long it is.
        size: u64,
        /// Its first bytes: to come to them, all before them is unpacked.
        start: Bytes,
    },
    /// Here.
    Bytes(Bytes),
}

/// Content by digest.
pub type Places = BTreeMap<String, Place>;

impl Place {
    /// How long it is.
    pub fn size(&self) -> u64 {
        match self {
            Self::File { size, .. } | Self::Packed { size, .. } => *size,
            Self::Bytes(bytes) => u64::try_from(bytes.len()).unwrap_or_default(),
        }
    }

    /// Opens it from `start` on. Blocks.
    pub(super) fn open(&self, start: u64) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::File { path, offset, size } => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(offset.saturating_add(start)))?;
                Ok(Box::new(file.take(size.saturating_sub(start))))
            }
            Self::Packed { path, offset, size, .. } => {
                let mut unpacked = MultiGzDecoder::new(BufReader::with_capacity(256 * 1024, File::open(path)?));
                io::copy(&mut unpacked.by_ref().take(offset.saturating_add(start)), &mut io::sink())?;
                Ok(Box::new(unpacked.take(size.saturating_sub(start))))
            }
            Self::Bytes(bytes) => {
                let rest = bytes.slice(usize::try_from(start).unwrap_or(usize::MAX).min(bytes.len())..);
                Ok(Box::new(Cursor::new(rest)))
            }
        }
    }

    /// All of a small one. Blocks.
    pub(super) fn read(&self) -> io::Result<Bytes> {
        if self.size() > DOCUMENT_LIMIT {
            return Err(io::Error::other(format!("a document has more than {DOCUMENT_LIMIT} bytes")));
        }
        let mut content = Vec::new();
        self.open(0)?.read_to_end(&mut content)?;
        Ok(Bytes::from(content))
    }

    /// Its first bytes, no more than tell how it is compressed. Blocks.
    pub(super) fn start(&self) -> io::Result<Bytes> {
        if let Self::Packed { start, .. } = self {
            return Ok(start.clone());
        }
        let mut start = Vec::new();
        self.open(0)?.take(START).read_to_end(&mut start)?;
        Ok(Bytes::from(start))
    }

    /// Its digest, read piece by piece. Blocks.
    pub(super) fn digest(&self) -> io::Result<String> {
        let (mut reader, mut hash, mut piece) = (self.open(0)?, Context::new(&SHA256), vec![0; 256 * 1024]);
        loop {
            match reader.read(&mut piece)? {
                0 => return Ok(format!("sha256:{}", hex(hash.finish().as_ref()))),
                read => hash.update(piece.get(..read).unwrap_or_default()),
            }
        }
    }
}
