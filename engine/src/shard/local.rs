//! Which shard the calling thread records in.
//!
//! ```text
//!           first record                 destructors of thread-locals run
//!   Fresh ───────────────► Attached ──────────────────────────────────────► Gone
//!     │                      │  ▲                                             │
//!     └────────► Busy ◄──────┘  │ page mapped                                 │ lease a shard
//!        takes a shard or maps ─┘ a page                                      ▼ for each record
//! ```
//!
//! What a record reads has no destructor, so it costs no check and stays readable until the thread's very end: a table
//! of the thread's pages, and for the pages beyond it a pointer to the shard. Another thread-local, whose destructor
//! returns the shard, is touched once when the thread attaches. After it ran, what other destructors still record
//! goes through leases.
//!
//! A local handle holds its cell and a share in the shard ([`Keeper`]). When it outlives the guard it goes on with its
//! cell, and the last of them returns the shard. What the thread records otherwise leases even then.
//!
//! While the engine takes memory the thread is `Busy`. A global allocator that itself records still finds the pages
//! that are mapped; where it would need another one its record is dropped and counted, for it would recurse without
//! end.

use std::cell::Cell;

use super::{Arena, Keeper, NO_SLOT, Page, Shard, arena, table::page_of};
use crate::{
    drops::{DropReason, drop_record},
    sync::{limit, per_thread},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Busy,
    Attached,
    Gone,
}

/// Pages that a thread finds by one load; it finds the others by three.
const NEAR_PAGES: usize = limit!(128, loom: 2, shuttle: 2);

type NearPages = [Cell<Option<&'static Page>>; NEAR_PAGES];

per_thread! {
    /// The first pages of this thread's shard, as far as it has touched them.
    static NEAR: NearPages = [const { Cell::new(None) }; NEAR_PAGES];
    /// The shard of this thread.
    static SHARD: Cell<Option<&'static Shard>> = Cell::new(None);
    static STATE: Cell<State> = Cell::new(State::Fresh);
    static RETURN: ReturnShard = ReturnShard { keeper: Cell::new(None) };
}

/// The page of the calling thread's shard that holds `slot`, if the thread has a shard and has touched the page.
///
/// [`NO_SLOT`] has none. It lies beyond the near pages and is asked for there, so that a record which counts does not
/// pay for the question whether it does.
#[inline(always)]
pub(crate) fn own_page(slot: u32) -> Option<&'static Page> {
    let number = page_of(slot) as usize;
    if number < NEAR_PAGES {
        NEAR.try_with(|pages| pages[number].get()).ok().flatten()
    } else {
        far_page(slot)
    }
}

/// Calls `look` with the pages of the calling thread: one look at the thread-local for as many records as it makes.
///
/// `look` may make cold records, too: what they map it sees, for nothing is copied.
#[inline(always)]
pub(crate) fn own_pages(look: impl Fn(OwnPages<'_>)) {
    if NEAR.try_with(|near| look(OwnPages(Some(near)))).is_err() {
        look(OwnPages(None));
    }
}

/// The pages of the calling thread; `None` when the thread-local is gone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnPages<'a>(Option<&'a NearPages>);

impl OwnPages<'_> {
    /// What [`own_page`] finds.
    #[inline(always)]
    pub(crate) fn page(self, slot: u32) -> Option<&'static Page> {
        let number = page_of(slot) as usize;
        if number < NEAR_PAGES { self.0?[number].get() } else { far_page(slot) }
    }
}

#[inline(always)]
fn far_page(slot: u32) -> Option<&'static Page> {
    if slot == NO_SLOT { None } else { SHARD.try_with(Cell::get).ok().flatten()?.page(slot) }
}

/// Records in the page that holds `slot`, when [`own_page`] found none: attaches the thread, maps the page, or leases
/// a shard for this one record. What cannot be recorded is dropped and counted.
#[cold]
#[inline(never)]
pub(crate) fn record_cold(slot: u32, record: impl FnOnce(&Page)) {
    let recorded = while_busy(|own| match own {
        Some(shard) => {
            if let Some(page) = record_in(shard, slot, record) {
                remember(slot, page);
            }
        }
        None => lease(arena(), slot, record),
    });
    if recorded.is_none() {
        drop_record(DropReason::Reentry);
    }
}

/// The page that holds `slot` in the shard of the calling thread, and a share in that shard: for as long as it lives
/// the thread may record in the page without another look. Attaches the thread and maps the page if need be.
///
/// `None` for [`NO_SLOT`], when the thread has no shard to keep (see [`attach`]) or has returned it, when memory for
/// the page is refused, and inside the engine's own calls of the allocator.
#[cold]
#[inline(never)]
pub(crate) fn keep(slot: u32) -> Option<(&'static Page, Keeper)> {
    if slot == NO_SLOT {
        return None;
    }
    while_busy(|own| {
        let shard = own?;
        let page = shard.page_or_map(slot)?;
        remember(slot, page);
        Some((page, Keeper::another(arena(), shard)))
    })?
}

/// Calls `work` with the thread's shard, which it takes now if it has none, and says meanwhile that the thread is busy.
/// `None` if it is busy already.
fn while_busy<R>(work: impl FnOnce(Option<&'static Shard>) -> R) -> Option<R> {
    let state = state();
    if state == State::Busy {
        return None;
    }
    set_state(State::Busy);
    let (after, own) = match (state, SHARD.try_with(Cell::get).ok().flatten()) {
        // Also when it was fresh a moment ago: a signal handler has recorded since, and a second shard would leave the
        // thread pages of the first.
        (_, Some(shard)) => (State::Attached, Some(shard)),
        (State::Fresh, None) => attach(arena()),
        (_, None) => (state, None),
    };
    let result = work(own);
    set_state(after);
    Some(result)
}

/// Takes a shard for the thread to keep, and sees to it that it is returned when the thread ends.
///
/// A thread that gets none (they are all kept, memory is refused, or its thread-locals are being destroyed) leases
/// for this record; at the shard limit it tries again at its next one.
fn attach(arena: &'static Arena) -> (State, Option<&'static Shard>) {
    let Some(keeper) = Keeper::first(arena) else { return (State::Fresh, None) };
    let shard = keeper.shard();
    // When the guard is gone the keeper is dropped with the closure, and returns the shard.
    if RETURN.try_with(move |guard| guard.keeper.set(Some(keeper))).is_ok() {
        let _ = SHARD.try_with(|own| own.set(Some(shard)));
        (State::Attached, Some(shard))
    } else {
        (State::Gone, None)
    }
}

/// Records once in a shard that is owned for just that long.
fn lease(arena: &Arena, slot: u32, record: impl FnOnce(&Page)) {
    match arena.acquire() {
        Ok(shard) => {
            if record_in(shard, slot, record).is_some() {
                shard.count_lease();
            }
            arena.release(shard);
        }
        Err(reason) => drop_record(reason),
    }
}

fn record_in(shard: &Shard, slot: u32, record: impl FnOnce(&Page)) -> Option<&Page> {
    let page = shard.page_or_map(slot);
    match page {
        Some(page) => record(page),
        None => drop_record(DropReason::Memory),
    }
    page
}

fn remember(slot: u32, page: &'static Page) {
    let _ = NEAR.try_with(|pages| {
        if let Some(near) = pages.get(page_of(slot) as usize) {
            near.set(Some(page));
        }
    });
}

fn state() -> State {
    // An error means that the thread's locals are gone already.
    STATE.try_with(Cell::get).unwrap_or(State::Gone)
}

fn set_state(state: State) {
    let _ = STATE.try_with(|cell| cell.set(state));
}

/// Gives the thread's shard up when the thread ends: it is free then, unless local handles still keep it.
struct ReturnShard {
    keeper: Cell<Option<Keeper>>,
}

impl Drop for ReturnShard {
    fn drop(&mut self) {
        let _ = SHARD.try_with(Cell::take);
        let _ = NEAR.try_with(|pages| pages.iter().for_each(|page| page.set(None)));
        set_state(State::Gone);
        // The last of all: from here on the shard may be another thread's.
        drop(self.keeper.take());
    }
}

/// For models: makes `shard` the calling thread's own, without seeing to its return.
#[cfg(any(tachometer_loom, tachometer_shuttle))]
pub(crate) fn wear(shard: &'static Shard) {
    SHARD.with(|own| own.set(Some(shard)));
    NEAR.with(|pages| pages.iter().for_each(|page| page.set(None)));
    set_state(State::Attached);
}

/// For models: what the end of the thread does, at a time of the model's choosing.
#[cfg(any(tachometer_loom, tachometer_shuttle))]
pub(crate) fn end_thread() {
    RETURN.with(|guard| drop(ReturnShard { keeper: Cell::new(guard.keeper.take()) }));
}
