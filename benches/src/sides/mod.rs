//! The implementations that are compared, by operation.
//!
//! Each function gives one side over one handle or many. `noop` is a handle of a disabled registry; `floor`s are what
//! the machine needs for the operation when nothing is promised to a reader.

pub mod busy;
pub mod collector;
pub mod counter;
pub mod family;
pub mod gauge;
pub mod histogram;
pub mod named;
pub mod operation;
pub mod peers;
pub mod timer;

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
};

use tachometer::Registry;

use crate::{HANDLES, Handles, Side};

/// The loop itself: a handle of 16 bytes goes through `black_box`, and nothing is done with it.
#[must_use]
pub fn empty(handles: Handles) -> Side {
    Side::new("empty loop", handles, |i| [i; 2], |_, _| ())
}

/// The same loop, which looks at the handle and finds every time that there is nothing to do: the least that a handle
/// can take which may be a no-op.
#[must_use]
pub fn looking(handles: Handles) -> Side {
    Side::new(
        "floor: looks at its handle",
        handles,
        |i| [i; 2],
        |handle, _| {
            if handle[0] == usize::MAX {
                black_box(handle);
            }
        },
    )
}

/// A side whose threads record in the same series, through clones of these handles.
fn shared<H: Clone + Send + Sync + 'static>(
    name: &'static str,
    handles: Handles,
    series: [H; HANDLES],
    operation: impl Fn(&mut H, usize) + Copy + Send + Sync + 'static,
) -> Side {
    Side::new(name, handles, move |i| series[i].clone(), operation)
}

/// Adds to a cell of the thread's own.
fn add_to(cell: &AtomicU64, added: u64) {
    cell.store(cell.load(Ordering::Relaxed).wrapping_add(added), Ordering::Relaxed);
}

/// An enabled registry, or one whose handles are no-ops, and how its sides are called.
fn registry(enabled: bool) -> (&'static str, Registry) {
    if enabled { ("tachometer", Registry::new()) } else { ("NoOp", Registry::disabled()) }
}

/// The label values of the series of a rotation.
fn streams() -> [String; HANDLES] {
    std::array::from_fn(|i| format!("orders-{i}"))
}
