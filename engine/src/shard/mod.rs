//! Shards: one column of cells a thread, and how threads come by them.
//!
//! ```text
//! handle {slot} ──► thread-local &'static Shard ──► page ──► cell[slot]: relaxed load, add, relaxed store
//! ```
//!
//! A metric owns the same slots in every shard. A shard has one owner at a time, and only the owner writes its cells,
//! so a record needs no lock prefix: a relaxed load, an add and a relaxed store, one `add [mem], reg` on x86-64. The
//! value of a metric is the sum of its cells over all shards.
//!
//! # The life of a shard
//!
//! ```text
//!            make                    thread ends (1)
//!   (none) ───────► owned by a thread ─────────► on the free list
//!                        ▲  ▲                       │   │
//!                        │  └───────────────────────┘   │
//!                        │      adopt: a new thread     │
//!                        └──────────────────────────────┘
//!                               lease: for one record
//! ```
//!
//! Shards are never freed and never folded into a total: the next owner keeps adding to the cells it finds. So nothing
//! can be lost or counted twice when threads come and go, and memory follows the peak number of threads.
//!
//! (1) or, when the thread still has local handles then, they are dropped.
//!
//! - [`page`]: the blocks of cells, and the shard's table of them;
//! - [`arena`]: all shards, the list of free ones, the slots;
//! - [`local`]: which shard the calling thread records in;
//! - [`keeper`]: how long the shard is the thread's.

pub(crate) mod arena;
pub(crate) mod free_list;
pub(crate) mod keeper;
pub(crate) mod local;
pub(crate) mod page;
pub(crate) mod slots;
pub(crate) mod table;

pub(crate) use arena::{Arena, arena};
pub(crate) use keeper::Keeper;
pub(crate) use page::{PAGE_CELLS, Page};
pub(crate) use slots::{Baseline, CellBlock, NO_SLOT};
pub(crate) use table::Shard;
