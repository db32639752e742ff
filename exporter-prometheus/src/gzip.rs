//! One gzip member, put together from chunks that are compressed already (RFC 1952).

use flate2::write::GzEncoder;
use flate2::{Compression, Crc};
use hyper::body::Bytes;

use crate::chunk::{Chunk, Deflater};

/// How long the header of a member is, and the checksum and length at its end.
const HEADER: usize = 10;
const TRAILER: usize = 8;

/// The texts of `chunks`, one after the other, as gzip. Compresses those that have not been yet.
pub(crate) fn gzip<'a>(chunks: impl Iterator<Item = &'a Chunk>) -> Vec<Bytes> {
    let empty = empty_member();
    let mut frames = vec![empty.slice(..HEADER)];
    let mut checksum = Crc::new();
    let mut deflater = Deflater::new();
    for chunk in chunks {
        let deflated = chunk.deflated(&mut deflater);
        checksum.combine(&deflated.checksum);
        frames.push(deflated.bytes.clone());
    }
    // The last block of a member without content ends any other as well.
    let mut end = empty[HEADER..empty.len() - TRAILER].to_vec();
    end.extend_from_slice(&checksum.sum().to_le_bytes());
    end.extend_from_slice(&checksum.amount().to_le_bytes());
    frames.push(end.into());
    frames
}

fn empty_member() -> Bytes {
    // A vector takes everything.
    GzEncoder::new(Vec::new(), Compression::fast()).finish().unwrap_or_default().into()
}
