//! Segment files: one writer appends whole frames, one reader follows it up to what has been committed.

use std::{
    collections::VecDeque,
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
};

use super::record::{self, FrameError, HEADER_LEN, MAX_PAYLOAD};

/// The most bytes one read returns; the longest frame fits.
const READ_LIMIT: u64 = (HEADER_LEN + MAX_PAYLOAD) as u64;

/// The file of segment `index` in the directory of its shard.
pub(crate) fn path(dir: &Path, index: u64) -> PathBuf {
    dir.join(format!("{index:012}.segment"))
}

/// Appends to one segment file.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    file: File,
    len: u64,
}

impl SegmentWriter {
    /// Makes the file; one that exists already is an error, since its records belong to somebody else.
    pub(crate) fn create(dir: &Path, index: u64) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).open(path(dir, index))?;
        Ok(Self { file, len: 0 })
    }

    /// Appends all of `frames` or nothing: after an error (a full disk) the file is cut back to its last whole frame.
    ///
    /// The file is not synced. A segment lives for seconds, and what a power failure takes was never checkpointed.
    pub(crate) fn append(&mut self, frames: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(frames) {
            // Should the cut fail, the next append still begins at the right place, and no reader looks beyond it.
            let cut = self.file.set_len(self.len);
            self.file.seek(SeekFrom::Start(self.len))?;
            return Err(cut.err().unwrap_or(error));
        }
        self.len += frames.len() as u64;
        Ok(())
    }

    /// Bytes appended so far.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }
}

/// Reads one segment file from its beginning.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    file: File,
    offset: u64,
}

impl SegmentReader {
    pub(crate) fn open(dir: &Path, index: u64) -> io::Result<Self> {
        Ok(Self { file: File::open(path(dir, index))?, offset: 0 })
    }

    /// Bytes read so far; always the end of a frame.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Fills `block` with the next whole frames, at most about 1 MiB and never beyond `committed` bytes of the file.
    ///
    /// After an error the reader stands where it stood, so the same read may be tried again.
    pub(crate) fn read(&mut self, committed: u64, block: &mut Block) -> Result<(), ReadError> {
        block.clear();
        let available = committed.saturating_sub(self.offset);
        let wanted = available.min(READ_LIMIT);
        self.file.seek(SeekFrom::Start(self.offset))?;
        (&self.file).take(wanted).read_to_end(&mut block.bytes)?;
        let cut_by_the_limit = wanted < available && block.bytes.len() as u64 == wanted;
        let unfinished = block.index_frames();
        let end = block.frames.back().map_or(0, |frame| frame.end);
        // What is committed ends where a frame does, so only the read limit may cut one in two.
        if (end as u64) < wanted && (end == 0 || !cut_by_the_limit) {
            block.clear();
            let torn = FrameError::Torn { needs: wanted as usize, has: end };
            return Err(unfinished.unwrap_or(torn).into());
        }
        self.offset += end as u64;
        Ok(())
    }
}

/// What one read returned: bytes, and the frames in them that nobody has taken yet. Reused from read to read.
#[derive(Debug, Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    frames: VecDeque<Range<usize>>,
}

impl Block {
    /// Frames not yet taken.
    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    /// Takes the next frame out of the queue.
    pub(crate) fn next_frame(&mut self) -> Option<&[u8]> {
        let frame = self.frames.pop_front()?;
        Some(&self.bytes[frame])
    }

    /// The next frame, left in the queue.
    pub(crate) fn peek(&self) -> Option<&[u8]> {
        self.frames.front().map(|frame| &self.bytes[frame.clone()])
    }

    /// Payload bytes of the frames not yet taken.
    pub(crate) fn payload_bytes(&self) -> usize {
        self.frames.iter().map(|frame| frame.len() - HEADER_LEN).sum()
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
    }

    /// Finds the frames; gives the reason when the bytes do not end where a frame does.
    fn index_frames(&mut self) -> Option<FrameError> {
        let mut start = 0;
        while start < self.bytes.len() {
            match record::frame_len(&self.bytes[start..]) {
                Ok(len) => self.frames.push_back(start..start + len),
                Err(error) => return Some(error),
            }
            start = self.frames.back().map_or(0, |frame| frame.end);
        }
        None
    }
}

/// Why a read failed.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The shard's read limit is used up; try again a little later.
    Throttled,
    /// The operating system's word.
    Io(io::Error),
    /// The file was read but does not hold what was written.
    Frame(FrameError),
}

impl ReadError {
    /// The value of the label `error_type`.
    pub(crate) fn error_type(&self) -> String {
        match self {
            Self::Throttled => super::THROTTLED.to_owned(),
            Self::Io(error) => format!("{:?}", error.kind()),
            Self::Frame(error) => error.error_type().to_owned(),
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<FrameError> for ReadError {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttled => f.write_str("the shard's read limit is used up"),
            Self::Io(error) => write!(f, "cannot read a segment: {error}"),
            Self::Frame(error) => write!(f, "a segment is damaged: {error}"),
        }
    }
}

impl std::error::Error for ReadError {}

#[cfg(test)]
mod tests {
    use super::{
        super::record::{Origin, Record},
        *,
    };

    fn frames(payloads: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        for (sequence, payload) in (0..).zip(payloads) {
            let origin = Origin { producer: 0, ordinal: sequence };
            Record { sequence, appended_us: 0, origin, payload }.encode(&mut out);
        }
        out
    }

    fn segment(payloads: &[&[u8]]) -> (tempfile::TempDir, u64) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = SegmentWriter::create(dir.path(), 0).unwrap();
        writer.append(&frames(payloads)).unwrap();
        (dir, writer.len())
    }

    #[test]
    fn what_is_appended_is_read_back_and_not_beyond_the_commit() {
        let (dir, len) = segment(&[b"a", b"bb", b"ccc"]);
        let (mut reader, mut block) = (SegmentReader::open(dir.path(), 0).unwrap(), Block::default());
        let first = (HEADER_LEN + 1) as u64;
        reader.read(first, &mut block).unwrap();
        assert_eq!((block.len(), block.payload_bytes(), reader.offset()), (1, 1, first));
        reader.read(len, &mut block).unwrap();
        assert_eq!((block.len(), block.payload_bytes(), reader.offset()), (2, 5, len));
        assert_eq!(record::decode(block.peek().unwrap()).unwrap().payload, b"bb");
    }

    #[test]
    fn a_byte_flipped_on_disk_is_detected() {
        let (dir, len) = segment(&[b"first", b"second"]);
        let file = path(dir.path(), 0);
        let mut bytes = std::fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 0x40;
        std::fs::write(&file, bytes).unwrap();
        let (mut reader, mut block) = (SegmentReader::open(dir.path(), 0).unwrap(), Block::default());
        reader.read(len, &mut block).unwrap();
        assert_eq!(record::decode(block.next_frame().unwrap()).unwrap().payload, b"first");
        let damaged = record::decode(block.next_frame().unwrap());
        assert!(matches!(damaged, Err(FrameError::Checksum { .. })), "{damaged:?}");
    }

    #[test]
    fn a_torn_tail_is_an_error_and_leaves_the_reader_in_place() {
        let (dir, len) = segment(&[b"whole", b"torn off"]);
        File::options().write(true).open(path(dir.path(), 0)).unwrap().set_len(len - 3).unwrap();
        let (mut reader, mut block) = (SegmentReader::open(dir.path(), 0).unwrap(), Block::default());
        let error = reader.read(len, &mut block).unwrap_err();
        assert_eq!((error.error_type().as_str(), reader.offset(), block.len()), ("TornRecord", 0, 0));
    }

    #[test]
    fn a_file_cut_between_two_frames_is_torn_too() {
        let (dir, len) = segment(&[b"kept", b"gone"]);
        let file = File::options().write(true).open(path(dir.path(), 0)).unwrap();
        file.set_len(len - (HEADER_LEN + 4) as u64).unwrap();
        let (mut reader, mut block) = (SegmentReader::open(dir.path(), 0).unwrap(), Block::default());
        assert_eq!(reader.read(len, &mut block).unwrap_err().error_type(), "TornRecord");
    }

    #[test]
    fn the_longest_records_pass_the_read_limit_one_by_one() {
        let longest = vec![b'x'; MAX_PAYLOAD];
        let (dir, len) = segment(&[&longest, &longest]);
        let (mut reader, mut block) = (SegmentReader::open(dir.path(), 0).unwrap(), Block::default());
        for _ in 0..2 {
            reader.read(len, &mut block).unwrap();
            assert_eq!((block.len(), block.payload_bytes()), (1, MAX_PAYLOAD));
        }
        assert_eq!(reader.offset(), len);
    }

    #[test]
    fn a_segment_that_exists_is_not_overwritten() {
        let (dir, _) = segment(&[b"somebody's"]);
        assert_eq!(SegmentWriter::create(dir.path(), 0).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
