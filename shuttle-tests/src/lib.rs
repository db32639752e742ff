//! Random schedules of scenarios that are too large for loom: many threads, all kinds of metrics, registration, removal
//! and snapshots at once, over the engine's own code. The scenarios are in `tests/`; `ci/shuttle.sh` runs them all.
//!
//! Without `--cfg tachometer_shuttle` this crate is empty.
//!
//! Shuttle runs one thread at a time and switches at every access to a primitive of the engine's `sync` shim. It draws
//! the next thread, and the scenario what to do next, from one number, so that the number replays the execution. It
//! knows nothing of weak memory: what a wrong `Ordering` does is for loom.
//!
//! # Writing a scenario
//!
//! - A scenario is a function that returns the `Ledger`s into which its actors wrote. It asserts nothing about
//!   values itself. `check` asks the ledgers when all handles are dropped.
//! - It draws from `shuttle::rand` alone, reads no clock to decide anything, and starts threads with `shuttle::thread`.
//! - It ends with a snapshot when all actors are done, so that the ledger's end is exact.
//! - Handles are dropped by its threads, not by thread-locals of `std` or statics: there is no engine between
//!   executions. So it does not use the default registry, which outlives them in a `OnceLock` of `std`.
//!
//! The engine's limits are smaller here, and larger than under loom: pages of 32 cells, 32 shards, six of which threads
//! may keep. They leave out what the engine drops and counts by design: a chunk has 16 shards, because threads that
//! start while the one that makes the next chunk stands still are refused beyond that.
#![cfg(tachometer_shuttle)]

mod account;
mod bursts;
mod check;
mod form;
mod judge;
mod ledger;
mod read;
pub mod roles;
mod stage;

pub use account::{Amount, Kind, Shown};
pub use check::{check, control};
pub use form::{BOUNDS, ClosedFamily, Find, Form, OpenFamily, Record};
pub use judge::Summary;
pub use ledger::{AccountId, Fate, HoldId, Ledger, Span};
pub use read::snapshot;
pub use stage::Stage;
