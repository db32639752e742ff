//! A part of an exposition's text, and the same part compressed.
//!
//! ```text
//!  body    | chunk 0: 64 KiB of text | chunk 1 | chunk 2 |          shared with those who read it
//!  gzip    header | deflated 0 | deflated 1 | deflated 2 | trailer  made when first asked for, kept while it is true
//! ```
//!
//! Chunks end between two series. A render that changes few values touches few chunks: the others stay where they are,
//! for readers that hold them and for the next gzip. Each is deflated for itself and ends on a whole byte
//! (`Z_SYNC_FLUSH`), so that they can follow one another in **one** gzip member, as pigz does it; the checksum of all
//! is combined from theirs. A member for each chunk would need no combining, but curl refuses a second one.

use std::mem;
use std::sync::{Arc, OnceLock};

use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use hyper::body::Bytes;

/// How long a chunk is when it is closed; the last series may reach beyond. Short in tests, so that there are several.
pub(crate) const CHUNK: usize = if cfg!(test) { 100 } else { 64 * 1024 };

/// A part of the text.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    text: Vec<u8>,
    deflated: OnceLock<Deflated>,
}

/// A part of a gzip member.
#[derive(Debug)]
pub(crate) struct Deflated {
    pub(crate) bytes: Bytes,
    /// The checksum of the text.
    pub(crate) checksum: Crc,
}

impl Chunk {
    pub(crate) fn new(mut text: Vec<u8>) -> Chunk {
        // Room for some longer values, but not much.
        text.shrink_to(text.len() + text.len() / 64);
        Chunk { text, deflated: OnceLock::new() }
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The text compressed, which is kept until the chunk changes.
    pub(crate) fn deflated(&self, deflater: &mut Deflater) -> &Deflated {
        self.deflated.get_or_init(|| deflater.deflate(&self.text))
    }

    /// Takes the text out, to be changed, or a copy if anybody reads it. [`put`](Chunk::put) follows.
    pub(crate) fn take(chunk: &mut Arc<Chunk>) -> Vec<u8> {
        match Arc::get_mut(chunk) {
            Some(own) => mem::take(own).text,
            None => chunk.text.clone(),
        }
    }

    /// Puts the changed text in place of the chunk.
    pub(crate) fn put(chunk: &mut Arc<Chunk>, text: Vec<u8>) {
        // Who read it when it was taken may have gone since: nothing of it is true any more.
        let changed = Chunk { text, deflated: OnceLock::new() };
        match Arc::get_mut(chunk) {
            Some(own) => *own = changed,
            None => *chunk = Arc::new(changed),
        }
    }
}

/// Compresses chunks with the fastest level: the next one takes half as long again, for a tenth less of bytes.
pub(crate) struct Deflater(Compress);

impl Deflater {
    /// Takes some hundred kilobytes.
    pub(crate) fn new() -> Deflater {
        Deflater(Compress::new(Compression::fast(), false))
    }

    fn deflate(&mut self, text: &[u8]) -> Deflated {
        self.0.reset();
        // Expositions shrink to a fifth or less.
        let mut out = Vec::with_capacity(text.len() / 4 + 64);
        loop {
            let done = self.0.total_in() as usize;
            let status = self.0.compress_vec(&text[done..], &mut out, FlushCompress::Sync);
            debug_assert!(
                matches!(status, Ok(Status::Ok | Status::BufError)),
                "deflating cannot fail: {status:?}"
            );
            // All has been written if some room was left.
            if self.0.total_in() as usize == text.len() && out.len() < out.capacity() {
                break;
            }
            out.reserve(out.capacity());
        }
        out.shrink_to_fit();
        let mut checksum = Crc::new();
        checksum.update(text);
        Deflated { bytes: out.into(), checksum }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunk, Deflater};
    use std::sync::Arc;

    #[test]
    fn a_chunk_whose_reader_goes_while_it_is_changed_is_compressed_anew() {
        let mut chunk = Arc::new(Chunk::new(b"sent_total 1\n".to_vec()));
        let mut deflater = Deflater::new();
        let before = chunk.deflated(&mut deflater).bytes.clone();
        let reader = Arc::clone(&chunk);
        let mut text = Chunk::take(&mut chunk);
        drop(reader);
        text[11] = b'2';
        Chunk::put(&mut chunk, text);
        assert_eq!(chunk.text(), b"sent_total 2\n");
        assert_ne!(chunk.deflated(&mut deflater).bytes, before);
    }
}
