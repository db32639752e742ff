//! One shard: a log of segment files with one writer at a time and one reader.
//!
//! The writer encodes and writes under its own lock and then publishes the new end of the log under a second one,
//! which a reader holds only to look: readers never wait for the disk of a writer, nor writers for a reader's.

use std::{
    collections::VecDeque,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex},
    time::Instant,
};

use super::{
    SHARD_CLOSED, THROTTLED,
    limit::{Limits, TokenBucket},
    range::HashRange,
    record::{Origin, Record},
    segment::SegmentWriter,
};
use crate::{checkpoint::Checkpoint, sync::lock};

/// Number of a shard; shown as Kinesis does, `shardId-000000000007`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ShardId(pub(crate) u32);

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shardId-{:012}", self.0)
    }
}

/// A shard of a stream.
#[derive(Debug)]
pub(crate) struct Shard {
    pub(crate) id: ShardId,
    pub(crate) range: HashRange,
    pub(crate) checkpoint: Checkpoint,
    pub(super) dir: PathBuf,
    /// Zero of the append times.
    epoch: Instant,
    pub(super) limits: Limits,
    writer: Mutex<Writer>,
    pub(super) log: Mutex<Log>,
    /// Notified when there is more to read, or the end to see.
    pub(super) grown: Condvar,
}

#[derive(Debug)]
struct Writer {
    /// `None` once the shard is closed: some systems do not delete a file that is open.
    segment: Option<SegmentWriter>,
    index: u64,
    sequence: u64,
    admitted: TokenBucket,
    /// Frames of the group being appended; kept for its capacity.
    frames: Vec<u8>,
}

/// What has been committed, and what of it is still on disk.
#[derive(Debug)]
pub(super) struct Log {
    /// Index of the oldest segment kept.
    pub(super) first: u64,
    /// Committed bytes of each segment kept.
    pub(super) segments: VecDeque<u64>,
    /// Sequence number of the next record.
    pub(super) sequence: u64,
    /// Append time of the newest record.
    pub(super) appended_us: u64,
    /// The shard takes no more records; these are the shards that follow it.
    pub(super) closed: Option<Vec<Arc<Shard>>>,
}

impl Shard {
    /// Makes the shard's directory in `parent` and its first segment.
    pub(crate) fn create(
        parent: &Path,
        id: ShardId,
        range: HashRange,
        epoch: Instant,
        limits: Limits,
    ) -> io::Result<Arc<Self>> {
        let dir = parent.join(id.to_string());
        fs::create_dir(&dir)?;
        let writer = Writer {
            segment: Some(SegmentWriter::create(&dir, 0)?),
            index: 0,
            sequence: 0,
            admitted: TokenBucket::new(limits.writes_per_second, Instant::now()),
            frames: Vec::new(),
        };
        let log = Log { first: 0, segments: VecDeque::from([0]), sequence: 0, appended_us: 0, closed: None };
        Ok(Arc::new(Self {
            id,
            range,
            checkpoint: Checkpoint::at(dir.join("checkpoint")),
            dir,
            epoch,
            limits,
            writer: Mutex::new(writer),
            log: Mutex::new(log),
            grown: Condvar::new(),
        }))
    }

    /// Appends a group of records, all or none.
    pub(crate) fn append<'a>(
        &self,
        count: usize,
        records: impl Iterator<Item = (Origin, &'a [u8])>,
    ) -> Result<(), PutError> {
        let mut writer = lock(&self.writer);
        let now = Instant::now();
        self.admit(&mut writer, count, now)?;
        let appended_us = now.duration_since(self.epoch).as_micros() as u64;
        let committed = writer.append(self, appended_us, records)?;

        let mut log = lock(&self.log);
        while log.first + (log.segments.len() as u64) <= writer.index {
            log.segments.push_back(0);
        }
        if let Some(newest) = log.segments.back_mut() {
            *newest = committed;
        }
        log.sequence = writer.sequence;
        log.appended_us = appended_us;
        self.grown.notify_one();
        Ok(())
    }

    /// Closes the shard for writing; whoever reads it finds `children` at its end.
    pub(crate) fn close(&self, children: Vec<Arc<Shard>>) {
        let mut writer = lock(&self.writer);
        writer.segment = None;
        lock(&self.log).closed = Some(children);
        self.grown.notify_one();
    }

    /// Records ever appended.
    pub(crate) fn appended(&self) -> u64 {
        lock(&self.log).sequence
    }

    /// Where its segments and its checkpoint are.
    #[cfg(test)]
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn admit(&self, writer: &mut Writer, count: usize, now: Instant) -> Result<(), PutError> {
        let log = lock(&self.log);
        if log.closed.is_some() {
            return Err(PutError::Closed);
        }
        // The reader is too far behind: taking more would fill the disk.
        if log.segments.iter().sum::<u64>() > self.limits.backlog_bytes {
            return Err(PutError::Throttled);
        }
        drop(log);
        if writer.admitted.take(count as f64, now) { Ok(()) } else { Err(PutError::Throttled) }
    }
}

impl Writer {
    /// Writes the group behind what the shard holds; gives the new length of the segment.
    fn append<'a>(
        &mut self,
        shard: &Shard,
        appended_us: u64,
        records: impl Iterator<Item = (Origin, &'a [u8])>,
    ) -> Result<u64, PutError> {
        let segment = self.segment.as_mut().ok_or(PutError::Closed)?;
        if segment.len() >= shard.limits.segment_bytes {
            *segment = SegmentWriter::create(&shard.dir, self.index + 1).map_err(PutError::Io)?;
            self.index += 1;
        }
        let mut sequence = self.sequence;
        self.frames.clear();
        for (origin, payload) in records {
            Record { sequence, appended_us, origin, payload }.encode(&mut self.frames);
            sequence += 1;
        }
        segment.append(&self.frames).map_err(PutError::Io)?;
        self.sequence = sequence;
        Ok(segment.len())
    }
}

/// Why a shard did not take a group of records.
#[derive(Debug)]
pub(crate) enum PutError {
    /// Above the write limit, or the consumer is too far behind.
    Throttled,
    /// The shard was split; its children take the records.
    Closed,
    /// The operating system's word.
    Io(io::Error),
}

impl PutError {
    /// The value of the label `error_type`.
    pub(crate) fn error_type(&self) -> String {
        match self {
            Self::Throttled => THROTTLED.to_owned(),
            Self::Closed => SHARD_CLOSED.to_owned(),
            Self::Io(error) => format!("{:?}", error.kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::{
        super::{
            reader::{Fetched, ShardReader},
            record,
            segment::Block,
        },
        *,
    };

    const LIMITS: Limits = Limits {
        writes_per_second: f64::INFINITY,
        reads_per_second: f64::INFINITY,
        backlog_bytes: 2000,
        segment_bytes: 300,
    };

    fn shard(limits: Limits) -> (tempfile::TempDir, Arc<Shard>) {
        let dir = tempfile::tempdir().unwrap();
        let range = HashRange::divide(1)[0];
        let shard = Shard::create(dir.path(), ShardId(0), range, Instant::now(), limits).unwrap();
        (dir, shard)
    }

    fn put(shard: &Shard, payload: &[u8]) -> Result<(), PutError> {
        shard.append(1, std::iter::once((Origin { producer: 0, ordinal: 0 }, payload)))
    }

    fn read_all(reader: &mut ShardReader) -> (Vec<Vec<u8>>, Fetched) {
        let (mut block, mut seen) = (Block::default(), Vec::new());
        loop {
            match reader.get_records(&mut block).unwrap() {
                Fetched::Records { .. } => {}
                end => return (seen, end),
            }
            while let Some(frame) = block.next_frame() {
                seen.push(record::decode(frame).unwrap().payload.to_vec());
            }
        }
    }

    fn segment_files(shard: &Shard) -> usize {
        let files = fs::read_dir(shard.dir()).unwrap();
        files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|e| e == "segment")).count()
    }

    #[test]
    fn records_come_back_in_order_across_segments_and_their_files_go() {
        let (_dir, shard) = shard(LIMITS);
        let mut reader = ShardReader::open(Arc::clone(&shard)).unwrap();
        let wanted: Vec<Vec<u8>> = (0..20).map(|n| format!("record number {n}").into_bytes()).collect();
        for payload in &wanted {
            put(&shard, payload).unwrap();
        }
        assert_eq!(read_all(&mut reader), (wanted, Fetched::CaughtUp));
        assert!(reader.finished_segments() >= 2);
        assert_eq!(segment_files(&shard) as u64, reader.finished_segments() + 1);
        reader.delete_finished().unwrap();
        assert_eq!((segment_files(&shard), reader.finished_segments()), (1, 0));
    }

    #[test]
    fn a_reader_too_far_behind_stops_the_writer_until_it_has_deleted() {
        let (_dir, shard) = shard(LIMITS);
        let mut reader = ShardReader::open(Arc::clone(&shard)).unwrap();
        let mut accepted = 0;
        let refused = loop {
            match put(&shard, &[b'x'; 100]) {
                Ok(()) => accepted += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(refused.error_type(), THROTTLED);
        assert_eq!(read_all(&mut reader).0.len(), accepted);
        assert!(put(&shard, b"still refused").is_err(), "reading alone frees nothing");
        reader.delete_finished().unwrap();
        put(&shard, b"accepted").unwrap();
    }

    #[test]
    fn a_closed_shard_refuses_records_and_is_read_to_its_end() {
        let (_dir, shard) = shard(LIMITS);
        let mut reader = ShardReader::open(Arc::clone(&shard)).unwrap();
        put(&shard, b"the last one").unwrap();
        shard.close(Vec::new());
        assert_eq!(put(&shard, b"too late").unwrap_err().error_type(), "ShardClosed");
        assert_eq!(read_all(&mut reader), (vec![b"the last one".to_vec()], Fetched::End));
        assert!(reader.finish().unwrap().is_empty());
        assert_eq!(segment_files(&shard), 0);
    }

    #[test]
    fn both_rates_are_limited() {
        let (_dir, shard) = shard(Limits { writes_per_second: 50.0, reads_per_second: 5.0, ..LIMITS });
        let refused = (0..100).find_map(|_| put(&shard, b"x").err()).unwrap();
        assert_eq!(refused.error_type(), THROTTLED);
        let mut reader = ShardReader::open(Arc::clone(&shard)).unwrap();
        let mut block = Block::default();
        let refused = (0..100).find_map(|_| reader.get_records(&mut block).err()).unwrap();
        assert_eq!(refused.error_type(), THROTTLED);
    }

    #[test]
    fn a_read_tells_how_far_behind_it_was() {
        let (_dir, shard) = shard(LIMITS);
        let mut reader = ShardReader::open(Arc::clone(&shard)).unwrap();
        put(&shard, b"old").unwrap();
        thread::sleep(Duration::from_millis(20));
        put(&shard, b"new").unwrap();
        let progress = reader.get_records(&mut Block::default()).unwrap();
        assert!(matches!(progress, Fetched::Records { lag: 2, behind_us: 20_000.. }), "{progress:?}");
    }
}
