//! The input: real text, handed to the producers in chunks of whole lines, from the beginning again when it ends.

mod files;
mod lines;
mod sample;
mod stdin;

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::{Result, bail};

use self::{files::Files, stdin::Stdin};
pub(crate) use self::{lines::records, sample::Sample};
use crate::{control::Stop, sync::lock};

/// The path that stands for standard input.
pub(crate) const STDIN: &str = "-";

/// About how much text a chunk holds.
const CHUNK_BYTES: usize = 256 << 10;

/// How much of the input is kept in memory for the slices that measure the cost of metrics.
const SAMPLE_BYTES: usize = 8 << 20;

/// How long a producer that holds nothing waits for input before it looks whether to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// Whole lines of text.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// Chunks are numbered from 0.
    pub(crate) number: u64,
    pub(crate) text: Vec<u8>,
    /// What went wrong while it was read, as values of the label `error_type`.
    pub(crate) errors: Vec<String>,
}

/// What a source has for a producer.
#[derive(Debug)]
pub(crate) enum Next {
    Chunk(Arc<Chunk>),
    /// Nothing at the moment: a producer should send what it holds.
    Idle,
}

/// Where producers get their text.
pub(crate) trait Source: Send + Sync {
    /// The next chunk. Returns `Idle` soon when the caller is `holding` records back, after a while otherwise.
    fn next_chunk(&self, holding: bool) -> Result<Next>;
}

/// The input the program was asked to read.
#[derive(Debug)]
pub(crate) struct Input {
    /// What it is, in words.
    described: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    reader: Reader,
    /// The chunk read to see that there is one.
    first: Option<Arc<Chunk>>,
    chunks: u64,
    sample: Vec<Arc<Chunk>>,
    sample_bytes: usize,
}

#[derive(Debug)]
enum Reader {
    Files(Files),
    Stdin(Stdin),
}

/// What was found in the input.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct InputStats {
    pub(crate) files: u64,
    pub(crate) binary: u64,
    pub(crate) unreadable: u64,
    /// Lines longer than a record may be.
    pub(crate) too_long: u64,
    /// How many times the input was read to its end; the pass under way does not count.
    pub(crate) passes: u64,
}

impl Input {
    /// Opens `path`, a file, a directory or `-`, and reads until there is a first record.
    ///
    /// Fails when the path is missing or unreadable and when there is no record in all of it.
    pub(crate) fn open(path: &Path, stop: &Stop) -> Result<Self> {
        let (reader, described) = if path == Path::new(STDIN) {
            (Reader::Stdin(Stdin::open()), "standard input".to_owned())
        } else {
            let files = Files::open(path)?;
            let described = files.to_string();
            (Reader::Files(files), described)
        };
        let state = State { reader, first: None, chunks: 0, sample: Vec::new(), sample_bytes: 0 };
        let input = Self { described, state: Mutex::new(state) };
        loop {
            let mut state = lock(&input.state);
            if let Next::Chunk(chunk) = state.read(PATIENCE)? {
                state.first = Some(chunk);
                drop(state);
                return Ok(input);
            }
            if stop.requested() {
                bail!("stopped before there was any input");
            }
        }
    }

    /// Chunks from the beginning of the input, at most 8 MiB of those handed out so far.
    pub(crate) fn sample(&self) -> Sample {
        Sample::new(lock(&self.state).sample.clone())
    }

    /// 8 MiB from the beginning of the input; less only from standard input that ends.
    pub(crate) fn into_sample(self) -> Result<Sample> {
        while lock(&self.state).sample_bytes < SAMPLE_BYTES {
            if let Next::Idle = self.next_chunk(false)? {
                break;
            }
        }
        Ok(self.sample())
    }

    /// What was found so far.
    pub(crate) fn stats(&self) -> InputStats {
        match &lock(&self.state).reader {
            Reader::Files(files) => files.stats(),
            Reader::Stdin(stdin) => stdin.stats(),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.described)
    }
}

impl Source for Input {
    fn next_chunk(&self, holding: bool) -> Result<Next> {
        let mut state = lock(&self.state);
        if let Some(first) = state.first.take() {
            return Ok(Next::Chunk(first));
        }
        state.read(if holding { Duration::ZERO } else { PATIENCE })
    }
}

impl State {
    fn read(&mut self, patience: Duration) -> Result<Next> {
        let mut chunk = Chunk { number: self.chunks, ..Chunk::default() };
        let found = match &mut self.reader {
            Reader::Files(files) => files.fill(&mut chunk)?,
            Reader::Stdin(stdin) => stdin.fill(&mut chunk, patience)?,
        };
        if !found {
            return Ok(Next::Idle);
        }
        self.chunks += 1;
        let chunk = Arc::new(chunk);
        if self.sample_bytes < SAMPLE_BYTES && !lines::is_blank(&chunk.text) {
            self.sample_bytes += chunk.text.len();
            self.sample.push(Arc::clone(&chunk));
        }
        Ok(Next::Chunk(chunk))
    }
}

impl fmt::Display for InputStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} files read, {} binary and {} unreadable skipped, {} lines too long",
            self.files, self.binary, self.unreadable, self.too_long
        )
    }
}
