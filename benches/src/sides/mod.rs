//! The implementations that are compared, by operation.
//!
//! Each function gives one side over one handle or many. `noop` is a handle of a disabled registry; `floor`s are what
//! the machine needs for the operation when nothing is promised to a reader.

pub mod collector;
pub mod counter;
pub mod family;
pub mod gauge;
pub mod histogram;
pub mod named;
pub mod operation;
pub mod timer;

use tachometer::Registry;

use crate::{HANDLES, Handles, Side};

/// The loop itself: a handle of 16 bytes goes through `black_box`, and nothing is done with it.
#[must_use]
pub fn empty(handles: Handles) -> Side {
    Side::new("empty loop", handles, |i| [i; 2], |_, _| ())
}

/// An enabled registry, or one whose handles are no-ops, and how its sides are called.
fn registry(enabled: bool) -> (&'static str, Registry) {
    if enabled { ("tachometer", Registry::new()) } else { ("NoOp", Registry::disabled()) }
}

/// The label values of the series of a rotation.
fn streams() -> [String; HANDLES] {
    std::array::from_fn(|i| format!("orders-{i}"))
}
