//! Children of a fork.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The exit code of a child that panicked.
pub(crate) const PANICKED: i32 = 101;

/// Forks, goes on in the parent, and waits for the child, which exits with the code that `child` returns. A child that
/// hangs is ended by a signal after so many seconds. Returns the status that `waitpid` gives.
pub(crate) fn status_of_child(seconds: u32, child: impl FnOnce() -> i32, parent: impl FnOnce()) -> i32 {
    // SAFETY: the child allocates and starts threads after the fork of a program that may have several threads, which
    // POSIX leaves open and the C libraries of Linux and macOS allow. It takes no lock of Rust's that another thread
    // could have held at the fork: threads of the parent only record, and what a worker locks is not for a child.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: it has no preconditions.
            unsafe { libc::alarm(seconds) };
            let code = catch_unwind(AssertUnwindSafe(child)).unwrap_or(PANICKED);
            // SAFETY: it has no preconditions.
            unsafe { libc::_exit(code) }
        }
        child => {
            assert!(child > 0, "fork: {}", std::io::Error::last_os_error());
            parent();
            let mut status = 0;
            // SAFETY: `status` is valid for writes during the call.
            let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert_eq!(waited, child, "waitpid: {}", std::io::Error::last_os_error());
            status
        }
    }
}
