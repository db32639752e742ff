//! The system's allocator, with counts of what each thread asks of it.
#![allow(dead_code, reason = "each test uses some")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering},
};

struct Counting;

/// Bytes that the process has taken and not given back.
static LIVE: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static BYTES: Cell<usize> = const { Cell::new(0) };
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every request goes to `System` as it came. The bookkeeping beside it is of an atomic and of thread-locals
// without destructors, and does not unwind.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get() + layout.size());
        CALLS.set(CALLS.get() + 1);
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller got `pointer` from `alloc` with this layout, hence from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that `work` takes on this thread.
pub(crate) fn bytes_taken(work: impl FnOnce()) -> usize {
    let before = BYTES.get();
    work();
    BYTES.get() - before
}

/// How often `work` calls the allocator on this thread, to take memory or to give it back.
pub(crate) fn calls(work: impl FnOnce()) -> usize {
    let before = CALLS.get();
    work();
    CALLS.get() - before
}

/// Bytes that the process has taken and not given back.
pub(crate) fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}
