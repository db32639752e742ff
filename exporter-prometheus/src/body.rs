//! The text of an exposition, shared by the exporter that keeps it and those who read it.

use std::fmt;
use std::sync::Arc;

use hyper::body::Bytes;

use crate::chunk::Chunk;
use crate::coding::Coding;
use crate::gzip::gzip;

/// The text of an exposition, as [`Exporter::render_body`](crate::Exporter::render_body) gives it. Cloning it copies no
/// text.
///
/// It is in chunks of about 64 KiB, which the exporter keeps for the next render. Those that are still held then stay
/// as they are, at the cost of a copy of each in which a value has changed: drop a body when it has served.
///
/// ```
/// # let registry = tachometer::Registry::new();
/// let body = tachometer_prometheus::Exporter::new(&registry).render_body();
/// let mut socket = Vec::new();
/// for chunk in body.chunks() {
///     std::io::Write::write_all(&mut socket, chunk)?;
/// }
/// assert_eq!(socket.len(), body.len());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Body(Arc<Vec<Arc<Chunk>>>);

impl Body {
    /// The text, as it is sent, piece by piece.
    pub fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|chunk| chunk.text())
    }

    /// How many bytes the text has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunks().map(<[u8]>::len).sum()
    }

    /// Whether there is no text at all: an exposition of nothing, in the text format.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text, of which a copy is made: at a small part of a nanosecond for a byte.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = Vec::with_capacity(self.len());
        self.chunks().for_each(|chunk| text.extend_from_slice(chunk));
        // Nothing but texts and numbers is ever written to a body, but the compiler does not know.
        String::from_utf8(text).unwrap_or_default()
    }

    /// What is sent, one after the other, for a program that answers scrapes itself. Copies no text.
    ///
    /// With [`Coding::Gzip`] it is one gzip member. Each chunk that has changed since is compressed, at some 2 ns a byte,
    /// and kept so until it changes.
    ///
    /// ```
    /// use tachometer_prometheus::{Coding, Exporter};
    ///
    /// let body = Exporter::new(&tachometer::Registry::new()).render_body();
    /// let length: usize = body.frames(Coding::Gzip).iter().map(|frame| frame.len()).sum();
    /// assert!(length < body.len());
    /// ```
    #[must_use]
    pub fn frames(&self, coding: Coding) -> Vec<Bytes> {
        match coding {
            Coding::Identity => self.0.iter().cloned().map(|chunk| Bytes::from_owner(Text(chunk))).collect(),
            Coding::Gzip => gzip(self.0.iter().map(|chunk| &**chunk)),
        }
    }

    pub(crate) fn of(chunks: Vec<Arc<Chunk>>) -> Body {
        Body(Arc::new(chunks))
    }

    /// The text of the chunk with this number.
    pub(crate) fn chunk(&self, number: usize) -> &[u8] {
        self.0[number].text()
    }

    /// The chunks, to be changed.
    pub(crate) fn make_mut(&mut self) -> &mut [Arc<Chunk>] {
        Arc::<Vec<_>>::make_mut(&mut self.0)
    }
}

impl From<String> for Body {
    fn from(text: String) -> Body {
        Body::of(vec![Arc::new(Chunk::new(text.into_bytes()))])
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("bytes", &self.len()).finish()
    }
}

/// The text of a chunk, which is sent from where it is kept.
struct Text(Arc<Chunk>);

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.0.text()
    }
}
