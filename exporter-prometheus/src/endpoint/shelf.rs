//! The bodies that are being sent. A client that reads slowly keeps its body alive; this bounds what all of them keep.
//!
//! Bodies share the chunks that did not change between them, so each chunk counts once. Before a collection begins, the
//! bodies that are still being sent may together be as large as the newest of them, or 16 MiB if that is more. Beyond
//! that the connections that send the oldest are closed. Together with the image that the collection makes, this is two
//! images at most, however many clients stall.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::answer::Rendered;

/// What may be held however small the newest body is, unless told otherwise.
pub(crate) const MAX_HELD_BYTES: usize = 16 << 20;

#[derive(Debug)]
pub(crate) struct Shelf {
    floor: u64,
    /// The oldest first.
    bodies: Mutex<VecDeque<Weak<Rendered>>>,
}

impl Shelf {
    pub(crate) fn new(floor: usize) -> Shelf {
        Shelf { floor: floor as u64, bodies: Mutex::default() }
    }

    /// Adds the newest body.
    pub(crate) fn put(&self, body: &Arc<Rendered>) {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner).push_back(Arc::downgrade(body));
    }

    /// Closes the connections that hold more than is allowed, and says how many these are.
    pub(crate) fn make_room(&self) -> usize {
        let held: Vec<Arc<Rendered>> = {
            let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
            bodies.retain(|body| body.strong_count() > 0);
            bodies.iter().rev().filter_map(Weak::upgrade).collect()
        };
        let Some(newest) = held.first() else { return 0 };
        let mut left = self.floor.max(newest.bytes());
        let mut counted = HashSet::new();
        let mut cut = 0;
        for body in &held {
            let own = body.chunks().filter(|chunk| counted.insert(chunk.as_ptr()));
            let own: u64 = own.map(|chunk| chunk.len() as u64).sum();
            match left.checked_sub(own) {
                Some(rest) => left = rest,
                None => {
                    // What is older goes too, unless it costs nothing.
                    left = 0;
                    cut += body.cut();
                }
            }
        }
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::Shelf;
    use crate::endpoint::answer::{AnswerBody, Rendered};
    use hyper::body::{Body, Bytes};
    use std::pin::Pin;
    use std::sync::Arc;
    use std::task::{Context, Waker};

    fn body(chunks: &[Bytes]) -> Arc<Rendered> {
        Arc::new(Rendered::new(chunks.to_vec()))
    }

    fn chunk(bytes: usize) -> Bytes {
        vec![b'x'; bytes].into()
    }

    fn is_cut(answer: &mut AnswerBody) -> bool {
        let polled = Pin::new(answer).poll_frame(&mut Context::from_waker(Waker::noop()));
        matches!(polled, std::task::Poll::Ready(Some(Err(_))))
    }

    #[test]
    fn the_oldest_readers_are_cut_off_when_all_together_hold_more_than_one_image() {
        let shelf = Shelf::new(0);
        let mut answers = Vec::new();
        for _ in 0..3 {
            let body = body(&[chunk(60), chunk(40)]);
            shelf.put(&body);
            answers.push(AnswerBody::shared(&body));
        }
        assert_eq!(shelf.make_room(), 2);
        assert_eq!(answers.iter_mut().map(is_cut).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(shelf.make_room(), 0);
    }

    #[test]
    fn chunks_that_bodies_share_count_once_and_bodies_nobody_sends_do_not_count() {
        let shelf = Shelf::new(0);
        let (same, mut answers) = (chunk(90), Vec::new());
        for _ in 0..2 {
            let body = body(&[same.clone(), chunk(5)]);
            shelf.put(&body);
            answers.push(AnswerBody::shared(&body));
        }
        shelf.put(&body(&[chunk(1_000)]));
        // 95 are allowed, and 100 are held.
        assert_eq!(shelf.make_room(), 1);
        assert_eq!(answers.iter_mut().map(is_cut).collect::<Vec<_>>(), [true, false]);
        let shelf = Shelf::new(100);
        for _ in 0..2 {
            let body = body(&[same.clone(), chunk(5)]);
            shelf.put(&body);
            answers.push(AnswerBody::shared(&body));
        }
        assert_eq!(shelf.make_room(), 0);
    }
}
