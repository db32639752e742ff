//! Threads that are about to end.

use std::{fs, sync::LazyLock, thread};

/// Threads of the process before the first input.
static ALONE: LazyLock<usize> = LazyLock::new(count);

/// Runs `work`, and waits until the threads that it started have ended: a registry's workers do when it is gone. While
/// they do, the leak sanitizer would take what they free last for lost.
pub(crate) fn until_alone<R>(work: impl FnOnce() -> R) -> R {
    let alone = *ALONE;
    let result = work();
    while count() > alone {
        thread::yield_now();
    }
    result
}

fn count() -> usize {
    fs::read_dir("/proc/self/task").expect("Linux lists them").count()
}
