//! The rig that criterion's benches and the `ratios` program share: loops to measure, and threads to run them on.
//!
//! # Rules
//!
//! - A [`Side`] is one implementation of an operation, as a loop. The loop is compiled whole: an operation is inlined
//!   into it where its crate allows that, for the engine and for its peers alike.
//! - Every round of a loop passes the handle's address through `black_box`. The compiler can then neither keep what it
//!   read from the handle in a register, nor merge two rounds. The empty loop does the same, and nothing else.
//! - All sides see the same [`values`], the same bounds and the same number of series. Peers keep their handles, except
//!   where the look-up is what is measured.
//! - Before the clock starts each thread has warmed its loop up: pages are mapped, and the threads start together.
//! - Time is that of the slowest thread, and is given per operation of one thread: with perfect scaling, two threads
//!   show the same figure as one.

#![forbid(unsafe_code)]

pub mod footprint;
pub mod host;
mod load;
mod plan;
mod reading;
pub mod readings;
mod rig;
pub mod sides;

pub use load::{SERIES_LABELS, VALUES, bounds, counters, recorded_registry, series_labels, values};
pub use plan::{compare, counted, criterion};
pub use reading::Reading;
pub use rig::{HANDLES, Handles, Side, Took, run};
