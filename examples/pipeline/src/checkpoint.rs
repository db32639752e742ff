//! How far a shard has been consumed: one small durable file a shard, written under a lease.
//!
//! Every write is conditional, as a Kinesis consumer's write to its lease table is. It must carry the lease's current
//! epoch and must not go backwards. Whoever takes the lease raises the epoch, so the former holder's next checkpoint
//! is refused, and that is how it learns that the shard was resharded under its feet.
//!
//! The file is replaced by rename after a sync: a crash leaves the old checkpoint or the new one, never half of one.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write},
    path::PathBuf,
    sync::Mutex,
};

use crate::sync::lock;

/// The error type of a checkpoint refused because a split has taken the lease.
pub(crate) const LEASE_LOST: &str = "LeaseLost";

/// The right to checkpoint one shard, until somebody else takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    epoch: u64,
}

/// What the file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Sequence number of the first record that is not yet consumed.
    pub(crate) sequence: u64,
    /// Whether the shard was consumed to its end.
    pub(crate) ended: bool,
}

/// The checkpoint of one shard.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    path: PathBuf,
    /// Held from the comparison to the rename.
    writing: Mutex<()>,
}

impl Checkpoint {
    /// The checkpoint kept in `path`, which need not exist yet.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, writing: Mutex::new(()) }
    }

    /// Takes the lease, from whoever holds it. Costs a durable write.
    pub(crate) fn take_lease(&self) -> Result<Lease, CheckpointError> {
        let _writing = lock(&self.writing);
        let mut stored = self.read()?;
        stored.epoch += 1;
        self.write(stored)?;
        Ok(Lease { epoch: stored.epoch })
    }

    /// Records that everything before `position` is consumed; refused when the lease is lost or the position lies
    /// behind the one stored. Costs a durable write.
    pub(crate) fn commit(&self, lease: Lease, position: Position) -> Result<(), CheckpointError> {
        let _writing = lock(&self.writing);
        let stored = self.read()?;
        if stored.epoch != lease.epoch {
            return Err(CheckpointError::LeaseLost { held: lease.epoch, current: stored.epoch });
        }
        if position.sequence < stored.position.sequence || stored.position.ended && !position.ended {
            return Err(CheckpointError::Behind {
                stored: stored.position.sequence,
                asked: position.sequence,
            });
        }
        self.write(Stored { epoch: stored.epoch, position })
    }

    /// The position stored; the beginning when nothing is.
    #[cfg(test)]
    pub(crate) fn position(&self) -> Result<Position, CheckpointError> {
        Ok(self.read()?.position)
    }

    fn read(&self) -> Result<Stored, CheckpointError> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Stored::parse(&text).ok_or(CheckpointError::Damaged),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Stored::default()),
            Err(error) => Err(error.into()),
        }
    }

    fn write(&self, stored: Stored) -> Result<(), CheckpointError> {
        let temporary = self.path.with_extension("tmp");
        let mut file = File::create(&temporary)?;
        file.write_all(stored.to_text().as_bytes())?;
        file.sync_all()?;
        drop(file);
        fs::rename(&temporary, &self.path)?;
        Ok(())
    }
}

/// Why a checkpoint or a lease was not written.
#[derive(Debug)]
pub(crate) enum CheckpointError {
    /// Somebody else took the lease: the shard was split.
    LeaseLost { held: u64, current: u64 },
    /// A later position is stored already.
    Behind { stored: u64, asked: u64 },
    /// The file is there but is no checkpoint, or its checksum is wrong.
    Damaged,
    /// The operating system's word.
    Io(io::Error),
}

impl CheckpointError {
    /// The name under which the final table counts it.
    pub(crate) fn error_type(&self) -> String {
        match self {
            Self::LeaseLost { .. } => LEASE_LOST.to_owned(),
            Self::Behind { .. } => "SequenceBehind".to_owned(),
            Self::Damaged => "CheckpointDamaged".to_owned(),
            Self::Io(error) => format!("{:?}", error.kind()),
        }
    }
}

impl From<io::Error> for CheckpointError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeaseLost { held, current } => {
                write!(f, "the lease is lost: it has epoch {held}, the shard is at {current}")
            }
            Self::Behind { stored, asked } => {
                write!(f, "the checkpoint {asked} lies behind the stored {stored}")
            }
            Self::Damaged => f.write_str("the checkpoint file is damaged"),
            Self::Io(error) => write!(f, "cannot write the checkpoint: {error}"),
        }
    }
}

impl std::error::Error for CheckpointError {}

/// Content of the file, as a line of text.
#[derive(Clone, Copy, Debug, Default)]
struct Stored {
    epoch: u64,
    position: Position,
}

impl Stored {
    fn to_text(self) -> String {
        let body = format!("{} {} {}", self.epoch, self.position.sequence, u8::from(self.position.ended));
        format!("{body} {:08x}\n", crc32fast::hash(body.as_bytes()))
    }

    fn parse(text: &str) -> Option<Self> {
        let (body, crc) = text.trim_end().rsplit_once(' ')?;
        if u32::from_str_radix(crc, 16).ok()? != crc32fast::hash(body.as_bytes()) {
            return None;
        }
        let mut numbers = body.split(' ').map(str::parse::<u64>);
        let mut next = || numbers.next()?.ok();
        Some(Self { epoch: next()?, position: Position { sequence: next()?, ended: next()? == 1 } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> (tempfile::TempDir, Checkpoint) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shard.checkpoint");
        (dir, Checkpoint::at(path))
    }

    fn at(sequence: u64) -> Position {
        Position { sequence, ended: false }
    }

    #[test]
    fn a_checkpoint_outlives_the_one_who_wrote_it() {
        let (_dir, checkpoint) = checkpoint();
        assert_eq!(checkpoint.position().unwrap(), Position::default());
        let lease = checkpoint.take_lease().unwrap();
        checkpoint.commit(lease, at(12)).unwrap();
        checkpoint.commit(lease, Position { sequence: 20, ended: true }).unwrap();
        let reopened = Checkpoint::at(checkpoint.path.clone());
        assert_eq!(reopened.position().unwrap(), Position { sequence: 20, ended: true });
    }

    #[test]
    fn a_checkpoint_behind_the_stored_one_is_refused_and_changes_nothing() {
        let (_dir, checkpoint) = checkpoint();
        let lease = checkpoint.take_lease().unwrap();
        checkpoint.commit(lease, at(100)).unwrap();
        let refused = checkpoint.commit(lease, at(99)).unwrap_err();
        assert!(matches!(refused, CheckpointError::Behind { stored: 100, asked: 99 }), "{refused}");
        assert_eq!(checkpoint.position().unwrap(), at(100));
        checkpoint.commit(lease, at(100)).unwrap();
    }

    #[test]
    fn an_ended_shard_is_not_reopened() {
        let (_dir, checkpoint) = checkpoint();
        let lease = checkpoint.take_lease().unwrap();
        checkpoint.commit(lease, Position { sequence: 5, ended: true }).unwrap();
        assert_eq!(checkpoint.commit(lease, at(6)).unwrap_err().error_type(), "SequenceBehind");
    }

    #[test]
    fn the_former_holder_is_refused_until_it_takes_the_lease_back() {
        let (_dir, checkpoint) = checkpoint();
        let consumer = checkpoint.take_lease().unwrap();
        checkpoint.commit(consumer, at(1)).unwrap();
        let _split = checkpoint.take_lease().unwrap();
        assert_eq!(checkpoint.commit(consumer, at(2)).unwrap_err().error_type(), "LeaseLost");
        assert_eq!(checkpoint.position().unwrap(), at(1), "taking the lease keeps the position");
        let again = checkpoint.take_lease().unwrap();
        checkpoint.commit(again, at(2)).unwrap();
    }

    #[test]
    fn a_damaged_file_is_not_believed() {
        let (_dir, checkpoint) = checkpoint();
        let lease = checkpoint.take_lease().unwrap();
        checkpoint.commit(lease, at(41)).unwrap();
        let text = fs::read_to_string(&checkpoint.path).unwrap();
        fs::write(&checkpoint.path, text.replace("41", "51")).unwrap();
        assert_eq!(checkpoint.position().unwrap_err().error_type(), "CheckpointDamaged");
    }

    #[test]
    fn a_write_that_fails_is_an_io_error() {
        let (dir, checkpoint) = checkpoint();
        let lease = checkpoint.take_lease().unwrap();
        // A directory where the temporary file should go makes the real write fail.
        fs::create_dir(dir.path().join("shard.tmp")).unwrap();
        assert!(matches!(checkpoint.commit(lease, at(1)), Err(CheckpointError::Io(_))));
    }
}
