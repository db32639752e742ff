//! A part of the input in memory, handed out by the portion: the same work again and again, for measurements.

use std::sync::{Arc, Condvar, Mutex};

use anyhow::Result;

use super::{Chunk, Next, PATIENCE, Source, lines};
use crate::sync::{lock, wait};

/// Repeats its chunks in order, but only as many as have been granted.
#[derive(Debug)]
pub(crate) struct Sample {
    chunks: Vec<Arc<Chunk>>,
    state: Mutex<State>,
    granted: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Index of the next chunk.
    next: usize,
    /// Chunks still to hand out.
    left: usize,
}

impl Sample {
    pub(crate) fn new(chunks: Vec<Arc<Chunk>>) -> Self {
        Self { chunks, state: Mutex::new(State::default()), granted: Condvar::new() }
    }

    /// Records in the first `count` chunks.
    pub(crate) fn records(&self, count: usize) -> u64 {
        let records = |chunk: &Arc<Chunk>| lines::records(&chunk.text).count() as u64;
        let each: Vec<u64> = self.chunks.iter().map(records).collect();
        each.iter().cycle().take(count).sum()
    }

    /// Grants `count` chunks, from the first on, so that equal grants are equal work.
    pub(crate) fn grant(&self, count: usize) {
        *lock(&self.state) = State { next: 0, left: count };
        self.granted.notify_all();
    }
}

impl Source for Sample {
    fn next_chunk(&self, holding: bool) -> Result<Next> {
        let mut state = lock(&self.state);
        if state.left == 0 && !holding {
            state = wait(&self.granted, state, PATIENCE);
        }
        if state.left == 0 || self.chunks.is_empty() {
            return Ok(Next::Idle);
        }
        let chunk = Arc::clone(&self.chunks[state.next]);
        state.next = (state.next + 1) % self.chunks.len();
        state.left -= 1;
        Ok(Next::Chunk(chunk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_grants_are_equal_work() {
        let chunk = |number, text: &str| Arc::new(Chunk { number, text: text.into(), errors: Vec::new() });
        let sample = Sample::new(vec![chunk(0, "a\nb\n"), chunk(1, "c\n")]);
        for _ in 0..2 {
            sample.grant(3);
            let mut numbers = Vec::new();
            while let Next::Chunk(chunk) = sample.next_chunk(true).unwrap() {
                numbers.push(chunk.number);
            }
            assert_eq!(numbers, [0, 1, 0]);
        }
        assert_eq!(sample.records(3), 5);
    }
}
