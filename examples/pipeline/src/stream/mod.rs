//! The embedded stream: shards that own ranges of the hash-key space, put, split and seal.
//!
//! A split closes its shard and opens two children, each with half of the range. Records of one key stay in order:
//! nothing is put into a child before the parent is closed, and nobody reads a child before the parent is consumed
//! to its end (the reader of the parent is handed the children there).

mod limit;
mod range;
mod reader;
mod record;
mod scaler;
mod segment;
mod shard;

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Instant,
};

pub(crate) use self::{
    limit::Limits,
    range::hash_key,
    reader::{Fetched, ShardReader},
    record::{Origin, Record, decode},
    scaler::Scaler,
    segment::{Block, ReadError},
    shard::{PutError, Shard, ShardId},
};
use crate::{batch::Batch, checkpoint::CheckpointError, metrics::StreamMetrics, sync::lock};

/// What Kinesis calls a put or a read above a shard's limit.
pub(crate) const THROTTLED: &str = "ProvisionedThroughputExceededException";

/// The error type of a put that comes after a split.
pub(crate) const SHARD_CLOSED: &str = "ShardClosed";

/// A stream in a directory of its own.
#[derive(Debug)]
pub(crate) struct Stream {
    dir: std::path::PathBuf,
    epoch: Instant,
    limits: Limits,
    metrics: StreamMetrics,
    /// The open shards by range. Replaced as a whole, so a put works on one consistent view.
    routing: RwLock<Arc<[Arc<Shard>]>>,
    /// Shards made so far; held by whoever changes the routing.
    made: Mutex<u32>,
}

/// What became of a put.
#[derive(Debug, Default)]
pub(crate) struct PutSummary {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    /// One for each shard that refused its part.
    pub(crate) refused: Vec<PutError>,
}

impl Stream {
    /// Makes a stream of `shards` shards in the empty directory `dir`.
    pub(crate) fn create(
        dir: &Path,
        shards: u32,
        limits: Limits,
        metrics: StreamMetrics,
    ) -> io::Result<Self> {
        let epoch = Instant::now();
        let ranges = range::HashRange::divide(shards);
        let open = (0..).zip(ranges).map(|(id, range)| Shard::create(dir, ShardId(id), range, epoch, limits));
        let open = open.collect::<io::Result<Arc<[_]>>>()?;
        let made = open.len() as u32;
        metrics.shards_active.set(f64::from(made));
        metrics.shards_closed.set(0.0);
        let (routing, made) = (RwLock::new(open), Mutex::new(made));
        Ok(Self { dir: dir.to_owned(), epoch, limits, metrics, routing, made })
    }

    /// The open shards, by range.
    pub(crate) fn open_shards(&self) -> Arc<[Arc<Shard>]> {
        Arc::clone(&self.routing.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts the records of `batch` whose indices are in `pending`; leaves those that were refused there, in order.
    pub(crate) fn put_records(&self, batch: &Batch, pending: &mut Vec<usize>) -> PutSummary {
        let shards = self.open_shards();
        let mut groups = vec![Vec::new(); shards.len()];
        for index in pending.drain(..) {
            let hash = batch.key_hash(index);
            groups[shards.partition_point(|shard| shard.range.last < hash)].push(index);
        }
        let mut summary = PutSummary::default();
        for (shard, group) in shards.iter().zip(groups).filter(|(_, group)| !group.is_empty()) {
            match shard.append(group.len(), group.iter().map(|&index| batch.record(index))) {
                Ok(()) => {
                    summary.records += group.len() as u64;
                    summary.bytes +=
                        group.iter().map(|&index| batch.record(index).1.len() as u64).sum::<u64>();
                }
                Err(error) => {
                    summary.refused.push(error);
                    pending.extend(group);
                }
            }
        }
        summary
    }

    /// Splits an open shard in two; `false` when it is not open any more or its range is a single hash.
    pub(crate) fn split(&self, id: ShardId) -> Result<bool, CheckpointError> {
        let mut made = lock(&self.made);
        let shards = self.open_shards();
        let Some(at) = shards.iter().position(|shard| shard.id == id) else { return Ok(false) };
        let parent = &shards[at];
        let Some([low, high]) = parent.range.split() else { return Ok(false) };
        let first = *made;
        *made += 2;
        let child = |number, range| Shard::create(&self.dir, ShardId(number), range, self.epoch, self.limits);
        let children = vec![child(first, low)?, child(first + 1, high)?];
        // While the shard comes to its end nobody may checkpoint it with a view from before the split: the split
        // takes the lease, and the consumer has to take it back.
        parent.checkpoint.take_lease()?;
        parent.close(children.clone());
        let mut routing = shards.to_vec();
        routing.splice(at..=at, children);
        self.metrics.shards_active.set(routing.len() as f64);
        self.metrics.shards_closed.add(1.0);
        self.metrics.resharding_events_total.inc();
        *self.routing.write().unwrap_or_else(PoisonError::into_inner) = routing.into();
        Ok(true)
    }

    /// Ends the stream: every open shard is closed and has no children. What was put can still be read.
    pub(crate) fn seal(&self) {
        let _made = lock(&self.made);
        for shard in self.open_shards().iter() {
            shard.close(Vec::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(shards: u32) -> (tempfile::TempDir, Stream) {
        let dir = tempfile::tempdir().unwrap();
        let metrics =
            crate::metrics::PipelineMetrics::register(&tachometer::Registry::new(), "test").unwrap();
        let stream = Stream::create(dir.path(), shards, Limits::unlimited_writes(), metrics.stream).unwrap();
        (dir, stream)
    }

    fn batch(records: u64) -> (Batch, Vec<usize>) {
        let mut batch = Batch::new(0, 0);
        for number in 0..records {
            batch.push(hash_key(number), &number.to_le_bytes());
        }
        (batch, (0..records as usize).collect())
    }

    #[test]
    fn every_record_goes_to_the_one_shard_whose_range_holds_its_key() {
        let (_dir, stream) = stream(3);
        for _ in 0..4 {
            stream.split(stream.open_shards()[1].id).unwrap();
        }
        let (batch, mut pending) = batch(400);
        let summary = stream.put_records(&batch, &mut pending);
        assert_eq!((summary.records, summary.bytes, pending.len()), (400, 3200, 0));
        for shard in stream.open_shards().iter() {
            let expected =
                (0..400).filter(|&i| (shard.range.first..=shard.range.last).contains(&batch.key_hash(i)));
            assert_eq!(shard.appended(), expected.count() as u64);
        }
    }

    #[test]
    fn a_split_closes_the_parent_and_its_children_cover_its_range() {
        let (_dir, stream) = stream(2);
        let parent = Arc::clone(&stream.open_shards()[0]);
        assert!(stream.split(parent.id).unwrap());
        assert!(!stream.split(parent.id).unwrap(), "a closed shard is not split again");
        let shards = stream.open_shards();
        assert_eq!(shards.iter().map(|shard| shard.id.0).collect::<Vec<_>>(), [2, 3, 1]);
        assert_eq!((shards[0].range.first, shards[1].range.last), (parent.range.first, parent.range.last));
        assert_eq!(shards[0].range.last + 1, shards[1].range.first);
        let children = ShardReader::open(parent).unwrap().finish().unwrap();
        assert_eq!(children.iter().map(|shard| shard.id.0).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn a_split_takes_the_lease_so_that_the_consumer_notices() {
        let (_dir, stream) = stream(1);
        let shard = Arc::clone(&stream.open_shards()[0]);
        let lease = shard.checkpoint.take_lease().unwrap();
        stream.split(shard.id).unwrap();
        let refused = shard.checkpoint.commit(lease, Default::default()).unwrap_err();
        assert_eq!(refused.error_type(), "LeaseLost");
    }

    #[test]
    fn what_a_sealed_stream_refuses_stays_pending_in_order() {
        let (_dir, stream) = stream(1);
        stream.seal();
        let (batch, mut pending) = batch(5);
        let summary = stream.put_records(&batch, &mut pending);
        assert_eq!((summary.records, pending), (0, vec![0, 1, 2, 3, 4]));
        assert_eq!(summary.refused[0].error_type(), "ShardClosed");
    }
}
