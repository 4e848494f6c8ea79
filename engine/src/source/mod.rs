//! Bytes: where a model's files lie (disk, HTTP, memory, and whatever a page's JavaScript reads from), read range by range
//! and never as a whole. What differs between native and the browser ends in this module.

mod location;
mod memory;
mod piece;

#[cfg(not(target_arch = "wasm32"))]
mod file;
#[cfg(not(target_arch = "wasm32"))]
mod http;
#[cfg(target_arch = "wasm32")]
mod reader;
#[cfg(not(target_arch = "wasm32"))]
mod transport;

use std::{cell::Cell, ops::Range, rc::Rc};

use crate::{Error, Result};

pub use location::Location;
pub use piece::Piece;
#[cfg(target_arch = "wasm32")]
pub use reader::{Reader, thrown};

/// One file's bytes, wherever they lie. Clones share the file.
#[derive(Clone)]
pub struct Source(Rc<Inner>);

struct Inner {
    name: String,
    len: u64,
    kind: Kind,
    bytes_read: Cell<u64>,
}

enum Kind {
    Memory(Vec<u8>),
    #[cfg(not(target_arch = "wasm32"))]
    File(file::File),
    #[cfg(not(target_arch = "wasm32"))]
    Http(http::Http),
    #[cfg(target_arch = "wasm32")]
    Reader(Reader),
}

impl Source {
    fn new(name: impl Into<String>, len: u64, kind: Kind) -> Self {
        Self(Rc::new(Inner {
            name: name.into(),
            len,
            kind,
            bytes_read: Cell::new(0),
        }))
    }

    /// Bytes that are in memory already.
    pub fn memory(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self::new(name, bytes.len() as u64, Kind::Memory(bytes))
    }

    /// A file on disk.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn file(path: &std::path::Path) -> Result<Self> {
        let file = file::File::open(path)?;
        Ok(Self::new(file.name(), file.len(), Kind::File(file)))
    }

    /// A file that JavaScript reads.
    #[cfg(target_arch = "wasm32")]
    pub fn reader(reader: Reader) -> Self {
        Self::new(reader.name(), reader.size() as u64, Kind::Reader(reader))
    }

    /// A file behind an http(s) URL. A first request of one byte learns the size.
    #[cfg(not(target_arch = "wasm32"))]
    pub async fn http(url: &str) -> Result<Self> {
        let found = Self::http_if_there(url).await?;
        found.ok_or_else(|| {
            Error::source(format!(
                "There is no file at {}; check the address.",
                http::without_query(url)
            ))
        })
    }

    /// [`Source::http`], or None where the server knows no such file.
    #[cfg(not(target_arch = "wasm32"))]
    pub async fn http_if_there(url: &str) -> Result<Option<Self>> {
        http::open(url).await
    }

    /// The file's name without folders.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Size in bytes.
    pub fn len(&self) -> u64 {
        self.0.len
    }

    /// Whether it lies on this machine's disk, natively: then reading in small pieces costs nothing.
    pub(crate) fn is_file(&self) -> bool {
        #[cfg(not(target_arch = "wasm32"))]
        return matches!(self.0.kind, Kind::File(_));
        #[cfg(target_arch = "wasm32")]
        return false;
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.len == 0
    }

    /// How many bytes have been read through this source and its clones.
    pub fn bytes_read(&self) -> u64 {
        self.0.bytes_read.get()
    }

    /// Reads exactly the bytes of `range`, or fails.
    pub async fn read(&self, range: Range<u64>) -> Result<Piece> {
        let Inner {
            name,
            len,
            kind,
            bytes_read,
        } = &*self.0;
        if range.start > range.end || range.end > *len {
            return Err(Error::source(format!(
                "{name} has {len} bytes, so bytes {} to {} cannot be read from it; download it again.",
                range.start, range.end
            )));
        }
        let wanted = range.end - range.start;
        let size = usize::try_from(wanted).map_err(|_| {
            Error::source(format!(
                "{wanted} bytes of {name} are too many to read at once; read it in pieces."
            ))
        })?;
        if size == 0 {
            return Ok(Piece::from([].as_slice()));
        }
        let piece = match kind {
            Kind::Memory(bytes) => memory::read(name, bytes, range)?,
            #[cfg(not(target_arch = "wasm32"))]
            Kind::File(file) => file.read(range.start, size)?,
            #[cfg(not(target_arch = "wasm32"))]
            Kind::Http(http) => http.read(range).await?,
            #[cfg(target_arch = "wasm32")]
            Kind::Reader(reader) => reader.bytes(range).await?,
        };
        if piece.len() != size {
            return Err(Error::source(format!(
                "Reading {name} gave {} bytes in place of {size}; try again.",
                piece.len()
            )));
        }
        bytes_read.set(bytes_read.get().saturating_add(wanted));
        Ok(piece)
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.0.name)
            .field("len", &self.0.len)
            .finish_non_exhaustive()
    }
}
