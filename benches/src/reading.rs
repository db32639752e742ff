//! Figures that no loop of operations gives: the time of a scrape, bytes, percentiles.

use std::{cell::OnceCell, fmt, hint::black_box, mem::ManuallyDrop, time::Instant};

/// Something to read a figure from, again and again.
pub struct Reading(Box<dyn Fn() -> f64>);

impl Reading {
    /// A reading of anything. `setup` makes what is read, once, at the first reading.
    pub fn new<S: 'static>(setup: impl Fn() -> S + 'static, read: impl Fn(&S) -> f64 + 'static) -> Self {
        let state = OnceCell::new();
        Self(Box::new(move || read(state.get_or_init(&setup))))
    }

    /// The nanoseconds that a task takes for each of its `items`, on the calling thread. `before` runs before each, and
    /// what a task returns is dropped after the clock was read. The task runs once before the clock starts, so that it
    /// does not meet what the other side has left of the caches and of the allocator.
    pub fn timed<S: 'static, R>(
        items: usize,
        setup: impl Fn() -> S + 'static,
        before: impl Fn(&S) + 'static,
        task: impl Fn(&S) -> R + 'static,
    ) -> Self {
        // Never dropped: the allocator would tidy up after so many small pieces in the time of a later row.
        let setup = move || ManuallyDrop::new(setup());
        Self::new(setup, move |state| {
            before(state);
            drop(black_box(task(state)));
            before(state);
            let begun = Instant::now();
            let result = black_box(task(state));
            let took = begun.elapsed();
            drop(result);
            took.as_nanos() as f64 / items as f64
        })
    }

    /// Reads the figure.
    #[must_use]
    pub fn take(&self) -> f64 {
        (self.0)()
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reading")
    }
}
