//! An allocator that refuses, and work that is repeated until every request of it was refused once.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::atomic::{AtomicBool, Ordering},
};

use tachometer::{DropReason, dropped_records};

use super::children::status_of_child;

/// A child that hangs is ended after this.
const DEADLINE_SECONDS: u32 = 30;

/// The status of a child to which nothing was refused, because it asked less often.
const NOTHING_REFUSED: i32 = 3 << 8;
/// The status of a child all of whose records were kept although memory was refused.
const NOTHING_DROPPED: i32 = 4 << 8;

struct Refusing;

/// Whether anything was refused so far.
static ANY_REFUSED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Requests of this thread since a refusal began.
    static ASKED: Cell<u64> = const { Cell::new(0) };
    static REFUSE: Cell<Option<Refusal>> = const { Cell::new(None) };
}

/// Which of a thread's requests for memory are refused: all from the first to the last of these.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    first: u64,
    last: u64,
}

impl Refusal {
    /// Does the work while memory is refused to this thread.
    pub(crate) fn during<R>(self, work: impl FnOnce() -> R) -> R {
        ASKED.set(0);
        REFUSE.set(Some(self));
        let result = work();
        REFUSE.set(None);
        result
    }
}

fn refuses() -> bool {
    let Some(Refusal { first, last }) = REFUSE.get() else { return false };
    let asked = ASKED.get() + 1;
    ASKED.set(asked);
    let refuses = (first..=last).contains(&asked);
    ANY_REFUSED.fetch_or(refuses, Ordering::SeqCst);
    refuses
}

// SAFETY: every request goes to `System` as it came, or is refused by a null pointer. The bookkeeping beside it is of an
// atomic and of thread-locals without destructors, and does not unwind.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if refuses() {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller got `pointer` from `alloc` with this layout, hence from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Refusing = Refusing;

/// Records of which each is kept or counted as dropped.
pub(crate) struct Balance<'a> {
    /// How many `record` makes.
    pub(crate) records: u64,
    pub(crate) record: &'a dyn Fn(),
    /// How many were kept so far.
    pub(crate) recorded: &'a dyn Fn() -> u64,
}

impl Balance<'_> {
    /// Records while memory is refused, and once more when it is not.
    pub(crate) fn assert_kept(&self, refusal: Refusal) {
        refusal.during(self.record);
        let (kept, dropped) = ((self.recorded)(), dropped_records(DropReason::Memory));
        assert_eq!(kept + dropped, self.records, "{kept} were kept and {dropped} dropped with {refusal:?}");
        (self.record)();
        assert_eq!((self.recorded)(), kept + self.records, "memory was back after {refusal:?}");
        let all: u64 = DropReason::ALL.iter().map(|reason| dropped_records(*reason)).sum();
        assert_eq!((dropped_records(DropReason::Memory), all), (dropped, dropped));
    }
}

/// Makes attempts in children of this process: with each single request refused, and with each and all that follow.
///
/// Asserts that there are at least so many requests, and that whichever is refused for good costs a record.
pub(crate) fn sweep(what: &str, least: usize, attempt: &dyn Fn(Refusal)) {
    for for_good in [false, true] {
        let statuses = statuses(for_good, attempt);
        let dropped = statuses.iter().filter(|status| **status == 0).count();
        println!("{what}: {} requests refused in turn, something dropped in {dropped}", statuses.len());
        assert!(statuses.iter().all(|status| [0, NOTHING_DROPPED].contains(status)), "{what}: {statuses:?}");
        assert!(statuses.len() >= least, "{what}: {statuses:?}");
        assert!(!for_good || dropped == statuses.len(), "{what}: {statuses:?}");
    }
}

/// The same for work that costs no record, whatever is refused to it.
pub(crate) fn sweep_without_drops(what: &str, least: usize, attempt: &dyn Fn(Refusal)) {
    for for_good in [false, true] {
        let statuses = statuses(for_good, attempt);
        println!("{what}: {} requests refused in turn, nothing dropped", statuses.len());
        assert!(statuses.iter().all(|status| *status == NOTHING_DROPPED), "{what}: {statuses:?}");
        assert!(statuses.len() >= least, "{what}: {statuses:?}");
    }
}

/// The same for work that may end the process by SIGABRT, as Rust does where memory is refused to it.
pub(crate) fn sweep_that_may_abort(what: &str, least: usize, attempt: &dyn Fn(Refusal)) {
    for for_good in [false, true] {
        let statuses = statuses(for_good, &|refusal| {
            abort_silently();
            attempt(refusal);
        });
        let aborted = statuses.iter().filter(|status| **status == libc::SIGABRT).count();
        println!("{what}: {} requests refused in turn, {aborted} ended the process", statuses.len());
        let good = [libc::SIGABRT, 0, NOTHING_DROPPED];
        assert!(statuses.iter().all(|status| good.contains(status)), "{what}: {statuses:?}");
        assert!(statuses.len() >= least, "{what}: {statuses:?}");
    }
}

/// How the children ended to which the first request was refused, the second, and so on, until nothing was.
fn statuses(for_good: bool, attempt: &dyn Fn(Refusal)) -> Vec<i32> {
    let end_of = |first| {
        let refusal = Refusal { first, last: if for_good { u64::MAX } else { first } };
        status_of_child(
            DEADLINE_SECONDS,
            || {
                attempt(refusal);
                match (ANY_REFUSED.load(Ordering::SeqCst), dropped_records(DropReason::Memory)) {
                    (false, _) => NOTHING_REFUSED >> 8,
                    (true, 0) => NOTHING_DROPPED >> 8,
                    (true, _) => 0,
                }
            },
            || {},
        )
    };
    (1..).map(end_of).take_while(|status| *status != NOTHING_REFUSED).collect()
}

/// Sees to it that an abort of this process leaves neither a message nor an image of its memory behind.
fn abort_silently() {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `none` is valid for reads during the call.
    let mut result = unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
    // SAFETY: it has no preconditions; nobody else uses the descriptor.
    result |= unsafe { libc::close(libc::STDERR_FILENO) };
    assert_eq!(result, 0);
}
