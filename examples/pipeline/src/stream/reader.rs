//! The reader of one shard: from its first record to its end, across segment files, which it deletes behind itself.

use std::{
    fs, io,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Shard,
    limit::TokenBucket,
    record,
    segment::{self, Block, ReadError, SegmentReader},
};
use crate::sync::{lock, wait};

/// What a successful read says besides the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// Records were read; those of the shard still to consume, with these, and how much older the first of them is
    /// than the newest record of the shard.
    Records { lag: u64, behind_us: u64 },
    /// Nothing new.
    CaughtUp,
    /// The shard is closed and everything was read.
    End,
}

/// The reader of one shard.
#[derive(Debug)]
pub(crate) struct ShardReader {
    shard: Arc<Shard>,
    segment: SegmentReader,
    index: u64,
    /// Records handed out.
    sequence: u64,
    answered: TokenBucket,
}

impl ShardReader {
    /// A reader at the beginning of the shard.
    pub(crate) fn open(shard: Arc<Shard>) -> io::Result<Self> {
        let segment = SegmentReader::open(&shard.dir, 0)?;
        let answered = TokenBucket::new(shard.limits.reads_per_second, Instant::now());
        Ok(Self { shard, segment, index: 0, sequence: 0, answered })
    }

    /// Waits until there is something to read or the shard is closed, `timeout` at the longest.
    pub(crate) fn wait(&self, timeout: Duration) {
        let log = lock(&self.shard.log);
        if log.sequence == self.sequence && log.closed.is_none() {
            drop(wait(&self.shard.grown, log, timeout));
        }
    }

    /// Reads the next records into `block`, about 1 MiB at most.
    pub(crate) fn get_records(&mut self, block: &mut Block) -> Result<Fetched, ReadError> {
        if !self.answered.take(1.0, Instant::now()) {
            return Err(ReadError::Throttled);
        }
        loop {
            let log = lock(&self.shard.log);
            let committed = log.segments.get((self.index - log.first) as usize).copied().unwrap_or(0);
            let (tail, tail_us) = (log.sequence, log.appended_us);
            let newest = log.first + log.segments.len() as u64 - 1;
            let closed = log.closed.is_some();
            drop(log);
            if self.segment.offset() < committed {
                self.segment.read(committed, block)?;
                let lag = tail - self.sequence;
                self.sequence += block.len() as u64;
                let first_us = block.peek().map_or(tail_us, record::appended_us);
                return Ok(Fetched::Records { lag, behind_us: tail_us.saturating_sub(first_us) });
            }
            if self.index == newest {
                return Ok(if closed { Fetched::End } else { Fetched::CaughtUp });
            }
            self.segment = SegmentReader::open(&self.shard.dir, self.index + 1)?;
            self.index += 1;
        }
    }

    /// Segments read to their end and still on disk.
    pub(crate) fn finished_segments(&self) -> u64 {
        self.index - lock(&self.shard.log).first
    }

    /// Deletes the segments read to their end. To be called once they are verified and checkpointed.
    pub(crate) fn delete_finished(&self) -> io::Result<()> {
        loop {
            let first = lock(&self.shard.log).first;
            if first == self.index {
                return Ok(());
            }
            fs::remove_file(segment::path(&self.shard.dir, first))?;
            let mut log = lock(&self.shard.log);
            log.segments.pop_front();
            log.first += 1;
        }
    }

    /// Deletes the segments of a shard read to its end, the last one too, and gives the shards that follow it.
    pub(crate) fn finish(self) -> io::Result<Vec<Arc<Shard>>> {
        self.delete_finished()?;
        let Self { shard, segment, index, .. } = self;
        drop(segment);
        fs::remove_file(segment::path(&shard.dir, index))?;
        let children = lock(&shard.log).closed.clone();
        Ok(children.unwrap_or_default())
    }
}
