//! Decides which shard to split: one whose rate comes near its write limit, while there may be more shards.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::{ShardId, Stream};
use crate::checkpoint::CheckpointError;

/// A shard is split above this part of its write limit. Below one, since a shard at its limit is being throttled.
const SPLIT_ABOVE: f64 = 0.8;

/// A rate is measured over at least this long, longer than the burst that a shard lets through.
const WINDOW: Duration = Duration::from_millis(250);

/// Watches the rates of a stream's shards.
#[derive(Debug)]
pub(crate) struct Scaler {
    writes_per_second: f64,
    max_shards: usize,
    /// When the window began, and what each shard had been given by then.
    window: (Instant, HashMap<ShardId, u64>),
}

impl Scaler {
    /// Splits shards that take nearly `writes_per_second`, until `max_shards` are open.
    pub(crate) fn new(writes_per_second: f64, max_shards: usize) -> Self {
        Self { writes_per_second, max_shards, window: (Instant::now(), HashMap::new()) }
    }

    /// Forgets the window under way: for a time in which nothing was meant to be put.
    pub(crate) fn restart(&mut self, stream: &Stream) {
        let counts = stream.open_shards().iter().map(|shard| (shard.id, shard.appended())).collect();
        self.window = (Instant::now(), counts);
    }

    /// To be called often; splits at most one shard a window, the busiest.
    pub(crate) fn tick(&mut self, stream: &Stream) -> Result<(), CheckpointError> {
        let elapsed = self.window.0.elapsed();
        if elapsed < WINDOW {
            return Ok(());
        }
        let shards = stream.open_shards();
        let grown = |id, now: u64| now - self.window.1.get(&id).copied().unwrap_or(now);
        let busiest = shards.iter().map(|shard| (grown(shard.id, shard.appended()), shard.id)).max();
        self.restart(stream);
        let Some((records, id)) = busiest else { return Ok(()) };
        let rate = records as f64 / elapsed.as_secs_f64();
        if shards.len() < self.max_shards && rate >= SPLIT_ABOVE * self.writes_per_second {
            stream.split(id)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::{batch::Batch, metrics::PipelineMetrics, stream::Limits};

    /// Puts 100,000 records, all with one key of the second of two shards, and looks after a window has passed.
    fn open_after_load(limit: f64, max_shards: usize) -> Vec<u32> {
        let dir = tempfile::tempdir().unwrap();
        let metrics = PipelineMetrics::register(&tachometer::Registry::new(), "s").unwrap();
        let stream = Stream::create(dir.path(), 2, Limits::unlimited_writes(), metrics.stream).unwrap();
        let mut scaler = Scaler::new(limit, max_shards);
        scaler.restart(&stream);
        for _ in 0..200 {
            let mut batch = Batch::new(0, 0);
            while batch.has_room(1) {
                batch.push(u64::MAX, b"x");
            }
            stream.put_records(&batch, &mut (0..batch.len()).collect());
        }
        thread::sleep(WINDOW);
        scaler.tick(&stream).unwrap();
        scaler.tick(&stream).unwrap();
        stream.open_shards().iter().map(|shard| shard.id.0).collect()
    }

    #[test]
    fn the_busy_shard_is_split_once() {
        assert_eq!(open_after_load(100.0, 8), [0, 2, 3]);
    }

    #[test]
    fn below_the_limit_or_with_shards_enough_nothing_is_split() {
        assert_eq!(open_after_load(1e9, 8), [0, 1]);
        assert_eq!(open_after_load(100.0, 2), [0, 1]);
    }
}
