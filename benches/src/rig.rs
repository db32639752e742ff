//! Loops to measure, and the threads that run them.

use std::{
    array,
    fmt::{self, Display},
    hint::{black_box, spin_loop},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::host;

/// Handles of a loop that rotates.
pub const HANDLES: usize = 64;

/// Rounds before the clock starts: every value and every handle once.
const WARM_UP: u64 = 4096;

type Loop = Box<dyn FnMut(u64)>;

/// Whether a loop stays with one series or goes round many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handles {
    /// One series, over and over: each record waits for the store of the one before it.
    One,
    /// [`HANDLES`] series in rotation, one record each.
    Rotating,
}

impl Handles {
    /// Both.
    pub const ALL: [Self; 2] = [Self::One, Self::Rotating];
}

impl Display for Handles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One => f.write_str("one handle"),
            Self::Rotating => write!(f, "{HANDLES} handles"),
        }
    }
}

/// One implementation of an operation: what a comparison has two of.
pub struct Side {
    name: &'static str,
    prepare: Box<dyn Fn() -> Loop + Send + Sync>,
}

impl Side {
    /// A loop over handles. `handle(i)` gives the calling thread its handle to series `i`; `operation` is given a
    /// handle and the number of the round.
    pub fn new<H: 'static>(
        name: &'static str,
        handles: Handles,
        handle: impl Fn(usize) -> H + Send + Sync + 'static,
        operation: impl Fn(&mut H, usize) + Copy + Send + Sync + 'static,
    ) -> Self {
        let prepare = move || -> Loop {
            match handles {
                Handles::One => {
                    let mut one = handle(0);
                    Box::new(move |rounds| {
                        for round in 0..rounds {
                            operation(black_box(&mut one), round as usize);
                        }
                    })
                }
                Handles::Rotating => {
                    let mut all: [H; HANDLES] = array::from_fn(&handle);
                    Box::new(move |rounds| {
                        for round in 0..rounds {
                            operation(black_box(&mut all[round as usize % HANDLES]), round as usize);
                        }
                    })
                }
            }
        };
        Self { name, prepare: Box::new(prepare) }
    }

    /// What the side is called in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Side").field(&self.name).finish()
    }
}

/// What a turn of [`run`] came to.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// The time of the slowest thread.
    pub slowest: Duration,
    /// Whether a thread was switched out to let another program run. Its time says little then, and another thread's
    /// even less: for a while that one met no contention. False where the system does not tell.
    pub disturbed: bool,
}

/// Runs `rounds` rounds of a side on each of `threads` threads at once.
///
/// # Panics
///
/// When the side's loop does.
#[must_use]
pub fn run(threads: usize, rounds: u64, side: &Side) -> Took {
    let ready = AtomicUsize::new(0);
    let worker = || {
        let mut work = (side.prepare)();
        work(WARM_UP);
        let switches = host::switches();
        meet(&ready, threads);
        let begun = Instant::now();
        work(rounds);
        let slowest = begun.elapsed();
        Took { slowest, disturbed: switches != host::switches() }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let turns = workers.into_iter().map(|worker| worker.join().expect("the loop panicked"));
        turns.fold(Took { slowest: Duration::ZERO, disturbed: false }, |all, one| Took {
            slowest: all.slowest.max(one.slowest),
            disturbed: all.disturbed | one.disturbed,
        })
    })
}

/// Waits until all threads are here. A barrier that sleeps would let one thread start while the other wakes up.
fn meet(ready: &AtomicUsize, threads: usize) {
    ready.fetch_add(1, Ordering::AcqRel);
    let mut spins = 0_u32;
    while ready.load(Ordering::Acquire) < threads {
        spins += 1;
        // The others may need this core.
        if spins.is_multiple_of(1 << 14) { thread::yield_now() } else { spin_loop() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::AtomicU64};

    use super::*;

    #[test]
    fn every_thread_runs_all_rounds_over_all_handles() {
        for (handles, series) in [(Handles::One, 1), (Handles::Rotating, HANDLES)] {
            let counts: Arc<[AtomicU64]> = (0..HANDLES).map(|_| AtomicU64::new(0)).collect();
            let cells = Arc::clone(&counts);
            let side = Side::new(
                "counts",
                handles,
                move |i| (Arc::clone(&cells), i),
                |(cells, i), _| {
                    cells[*i].fetch_add(1, Ordering::Relaxed);
                },
            );
            assert!(run(2, 64, &side).slowest > Duration::ZERO);
            let counts: Vec<u64> = counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
            let each = 2 * (WARM_UP + 64) / series as u64;
            assert!(counts[..series].iter().all(|count| *count == each), "{counts:?}");
            assert!(counts[series..].iter().all(|count| *count == 0), "{counts:?}");
        }
    }

    #[test]
    fn a_thread_that_gives_way_is_disturbed_where_linux_tells() {
        let side = Side::new("yields", Handles::One, |_| (), |(), _| thread::yield_now());
        // Twice as many threads as cores: one of them meets another.
        let disturbed = (0..20).any(|_| run(2 * cores(), 1_000, &side).disturbed);
        assert_eq!(disturbed, host::switches().is_some());
    }

    fn cores() -> usize {
        thread::available_parallelism().map_or(1, usize::from)
    }
}
