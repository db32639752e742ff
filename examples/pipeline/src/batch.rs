//! A batch of records on its way to the stream, bounded as a Kinesis put is: 500 records or 1 MiB.

use crate::stream::Origin;

/// The most records in a batch.
pub(crate) const MAX_RECORDS: usize = 500;
/// The most payload bytes in a batch.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// Records of one producer, their payloads back to back in one buffer.
#[derive(Debug)]
pub(crate) struct Batch {
    producer: u16,
    first_ordinal: u64,
    payloads: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    key_hash: u64,
    /// Where the payload ends; it begins where the one before ends.
    end: u32,
}

impl Batch {
    /// An empty batch, whose first record will be the producer's record number `first_ordinal`.
    pub(crate) fn new(producer: u16, first_ordinal: u64) -> Self {
        Self { producer, first_ordinal, payloads: Vec::new(), entries: Vec::with_capacity(MAX_RECORDS) }
    }

    /// Whether a payload of `len` bytes still fits. An empty batch takes every record.
    pub(crate) fn has_room(&self, len: usize) -> bool {
        self.entries.is_empty() || self.entries.len() < MAX_RECORDS && self.payloads.len() + len <= MAX_BYTES
    }

    /// Adds a record whose partition key hashes to `key_hash`.
    pub(crate) fn push(&mut self, key_hash: u64, payload: &[u8]) {
        self.payloads.extend_from_slice(payload);
        self.entries.push(Entry { key_hash, end: self.payloads.len() as u32 });
    }

    /// The batch that follows this one.
    pub(crate) fn successor(&self) -> Self {
        Self::new(self.producer, self.first_ordinal + self.entries.len() as u64)
    }

    /// Records in it.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Hash of the partition key of record `index`.
    pub(crate) fn key_hash(&self, index: usize) -> u64 {
        self.entries[index].key_hash
    }

    /// Origin and payload of record `index`.
    pub(crate) fn record(&self, index: usize) -> (Origin, &[u8]) {
        let start = if index == 0 { 0 } else { self.entries[index - 1].end };
        let origin = Origin { producer: self.producer, ordinal: self.first_ordinal + index as u64 };
        (origin, &self.payloads[start as usize..self.entries[index].end as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_full_at_500_records() {
        let mut batch = Batch::new(0, 0);
        while batch.has_room(3) {
            batch.push(1, b"abc");
        }
        assert_eq!(batch.len(), MAX_RECORDS);
    }

    #[test]
    fn a_batch_is_full_at_1_mib_but_takes_one_record_of_any_size() {
        let mut batch = Batch::new(0, 0);
        let record = vec![b'x'; 300_000];
        while batch.has_room(record.len()) {
            batch.push(1, &record);
        }
        assert_eq!(batch.len(), 3);
        assert!(batch.has_room(MAX_BYTES - 900_000) && !batch.has_room(MAX_BYTES - 899_999));
        assert!(Batch::new(0, 0).has_room(MAX_BYTES));
    }

    #[test]
    fn records_keep_their_payloads_and_ordinals_across_batches() {
        let mut batch = Batch::new(4, 10);
        batch.push(7, b"first");
        batch.push(8, b"");
        batch.push(9, b"third");
        assert_eq!(batch.record(0), (Origin { producer: 4, ordinal: 10 }, &b"first"[..]));
        assert_eq!(batch.record(1).1, b"");
        assert_eq!((batch.key_hash(2), batch.record(2).1), (9, &b"third"[..]));
        let mut next = batch.successor();
        next.push(1, b"fourth");
        assert_eq!(next.record(0).0.ordinal, 13);
    }
}
