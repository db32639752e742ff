//! Standard input: followed as it comes, and repeated from memory once it has ended.

use std::{
    io::{self, Read},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use memchr::{memchr, memrchr};

use super::{
    CHUNK_BYTES, Chunk, InputStats,
    lines::{LineCutter, is_blank},
};

/// How much of the input is kept to be repeated.
const KEPT_BYTES: usize = 16 << 20;

/// Bytes of one read.
const READ_BYTES: usize = 64 << 10;

/// Follows and then repeats an input that cannot be read twice.
#[derive(Debug)]
pub(crate) struct Stdin {
    reads: Receiver<io::Result<Vec<u8>>>,
    ended: bool,
    cutter: LineCutter,
    kept: Vec<u8>,
    /// Where in `kept` the next repeated chunk begins.
    position: usize,
    stats: InputStats,
}

impl Stdin {
    /// Begins to read standard input, on a thread of its own: a read that waits for somebody to type must not keep the
    /// program from ending.
    pub(crate) fn open() -> Self {
        Self::follow(io::stdin())
    }

    fn follow(input: impl Read + Send + 'static) -> Self {
        let (sender, reads) = bounded(4);
        // Without the thread the channel is closed at once, which reads as an empty input.
        let _detached =
            thread::Builder::new().name("stdin".to_owned()).spawn(move || forward(input, &sender));
        let stats = InputStats { files: 1, ..InputStats::default() };
        Self { reads, ended: false, cutter: LineCutter::default(), kept: Vec::new(), position: 0, stats }
    }

    pub(crate) fn stats(&self) -> InputStats {
        self.stats
    }

    /// Fills the chunk with what has come, or repeats what came; `false` when there is nothing yet.
    pub(crate) fn fill(&mut self, chunk: &mut Chunk, patience: Duration) -> Result<bool> {
        if self.ended {
            self.repeat(chunk)?;
        } else {
            self.receive(chunk, patience)?;
        }
        Ok(!is_blank(&chunk.text))
    }

    fn receive(&mut self, chunk: &mut Chunk, patience: Duration) -> Result<()> {
        match self.reads.recv_timeout(patience) {
            Ok(bytes) => {
                let bytes = bytes.context("cannot read standard input")?;
                if memchr(0, &bytes).is_some() {
                    bail!("standard input is no text: it holds zero bytes");
                }
                let too_long = self.cutter.push(&bytes, &mut chunk.text);
                self.stats.too_long += too_long;
                chunk.errors.extend((0..too_long).map(|_| "RecordTooLong".to_owned()));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                self.ended = true;
                self.cutter.finish(&mut chunk.text);
            }
        }
        let room = KEPT_BYTES.saturating_sub(self.kept.len());
        let keep = if chunk.text.len() <= room { chunk.text.len() } else { whole_lines(&chunk.text[..room]) };
        self.kept.extend_from_slice(&chunk.text[..keep]);
        Ok(())
    }

    fn repeat(&mut self, chunk: &mut Chunk) -> Result<()> {
        if is_blank(&self.kept) {
            bail!("there is no record in standard input");
        }
        while chunk.text.len() < CHUNK_BYTES {
            if self.position == 0 {
                self.stats.passes += 1;
            }
            let rest = &self.kept[self.position..];
            let room = CHUNK_BYTES - chunk.text.len();
            let taken = if rest.len() <= room { rest.len() } else { whole_lines(&rest[..room]) };
            if taken == 0 && !chunk.text.is_empty() {
                break;
            }
            // A single line longer than a chunk goes whole.
            let taken =
                if taken == 0 { memchr(b'\n', rest).map_or(rest.len(), |end| end + 1) } else { taken };
            chunk.text.extend_from_slice(&rest[..taken]);
            self.position = (self.position + taken) % self.kept.len();
        }
        Ok(())
    }
}

fn forward(mut input: impl Read, sender: &Sender<io::Result<Vec<u8>>>) {
    loop {
        let mut bytes = vec![0; READ_BYTES];
        let read = match input.read(&mut bytes) {
            Ok(0) => return,
            Ok(len) => {
                bytes.truncate(len);
                Ok(bytes)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        if sender.send(read).is_err() {
            return;
        }
    }
}

/// Length of the whole lines that `text` begins with.
fn whole_lines(text: &[u8]) -> usize {
    memrchr(b'\n', text).map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chunks until the input has ended and `repeated` more.
    fn chunks(mut stdin: Stdin, repeated: usize) -> Result<(Vec<Vec<u8>>, InputStats)> {
        let mut all = Vec::new();
        let mut left = repeated;
        while left > 0 {
            left -= usize::from(stdin.ended);
            let mut chunk = Chunk::default();
            if stdin.fill(&mut chunk, Duration::from_secs(10))? {
                all.push(chunk.text);
            }
        }
        Ok((all, stdin.stats()))
    }

    #[test]
    fn two_lines_are_repeated_for_ever() {
        let (chunks, stats) = chunks(Stdin::follow(&b"one\ntwo"[..]), 2).unwrap();
        assert_eq!(chunks.concat()[..8], *b"one\ntwo\n");
        let repeated = chunks.last().unwrap();
        assert!(repeated.len() > CHUNK_BYTES - 8 && repeated.chunks(8).all(|pair| pair == b"one\ntwo\n"));
        assert!(stats.passes > 1000);
    }

    #[test]
    fn a_line_longer_than_a_chunk_is_repeated_whole() {
        let mut line = vec![b'x'; CHUNK_BYTES * 2];
        line.push(b'\n');
        let input = io::Cursor::new([b"short\n".to_vec(), line.clone()].concat());
        let (chunks, _) = chunks(Stdin::follow(input), 4).unwrap();
        assert_eq!(
            chunks[chunks.len() - 4..],
            [b"short\n".to_vec(), line.clone(), b"short\n".to_vec(), line]
        );
    }

    #[test]
    fn nothing_and_binary_are_errors() {
        let nothing = chunks(Stdin::follow(&b"\n\n"[..]), 1).unwrap_err();
        assert_eq!(nothing.to_string(), "there is no record in standard input");
        let binary = chunks(Stdin::follow(&b"\x7fELF\0\0"[..]), 1).unwrap_err();
        assert!(binary.to_string().contains("no text"), "{binary}");
    }
}
