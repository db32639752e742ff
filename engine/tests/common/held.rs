//! A global allocator that counts what each thread holds.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

struct Counting;

thread_local! {
    /// Bytes that this thread has allocated, less those that it has freed.
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: every request goes to `System` as it came. The bookkeeping beside it touches a thread-local without
// destructor and does not unwind.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get() + layout.size() as isize);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get() - layout.size() as isize);
        // SAFETY: the caller got `pointer` from `alloc` with this layout, hence from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `work` returns, and the bytes that this thread then holds more than before.
pub(crate) fn held<R>(work: impl FnOnce() -> R) -> (R, usize) {
    let before = BYTES.get();
    let result = work();
    (result, (BYTES.get() - before).try_into().unwrap())
}

/// Whether two numbers of bytes differ by no more than a sixth, or by what a small thing or two take.
pub(crate) fn is_near(reported: usize, allocated: usize) -> bool {
    reported.abs_diff(allocated) <= allocated / 6 + 4096
}
