//! Faults, each of which a sanitizer must report. The program does not end well because of one, but goes on as if
//! nothing were wrong: only the sanitizer can tell.

use std::{cell::UnsafeCell, hint::black_box, thread};

/// A number that everybody may write.
struct Unguarded(UnsafeCell<u64>);

// SAFETY: not kept, on purpose. Two threads write the number and nothing orders them: the fault.
unsafe impl Sync for Unguarded {}

/// Two threads write a number that is no atomic. For the thread sanitizer.
pub(crate) fn data_race() {
    static NUMBER: Unguarded = Unguarded(UnsafeCell::new(0));
    let threads = [1, 2].map(|number| {
        thread::spawn(move || {
            // SAFETY: the pointer is good. That nobody else writes there meanwhile is not kept, on purpose.
            (0..1_000).for_each(|_| unsafe { NUMBER.0.get().write_volatile(number) });
        })
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Reads what was freed. For the address sanitizer.
pub(crate) fn use_after_free() {
    let freed = Box::into_raw(Box::new(1_u64));
    // SAFETY: the pointer is that of a box, which is made again once.
    drop(unsafe { Box::from_raw(freed) });
    // SAFETY: not kept, on purpose. The memory is freed: the fault.
    black_box(unsafe { freed.read_volatile() });
}

/// Loses memory for good. For the leak sanitizer.
pub(crate) fn leak() {
    // On a thread that ends, so that no pointer is left on a stack.
    let lose = || _ = black_box(Box::leak(Box::new([1_u64; 100])));
    thread::spawn(lose).join().unwrap();
}
