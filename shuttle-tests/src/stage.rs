//! Where a scenario plays: a registry, its ledger, and threads that do with both what their roles say.

use shuttle::thread;
use tachometer::Registry;

use crate::{ledger::Ledger, read::snapshot};

/// A registry, what is done with it, and who does it.
#[derive(Debug)]
pub struct Stage {
    /// What is written down.
    pub ledger: Ledger,
    /// What it is about.
    pub registry: Registry,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Stage {
    /// A new registry. Stages of one execution have numbers of their own.
    #[must_use]
    pub fn new(number: usize) -> Self {
        let registry = Registry::builder().self_metrics(false).build().expect("nothing about it is illegal");
        Self::with(number, registry)
    }

    /// The same with this registry.
    #[must_use]
    pub fn with(number: usize, registry: Registry) -> Self {
        Self { ledger: Ledger::new(number), registry, threads: Vec::new() }
    }

    /// Starts so many threads with this role.
    #[must_use]
    pub fn play(
        mut self,
        threads: usize,
        role: impl Fn(&Ledger, &Registry) + Clone + Send + 'static,
    ) -> Self {
        for _ in 0..threads {
            let (ledger, registry, role) = (self.ledger.clone(), self.registry.clone(), role.clone());
            self.threads.push(thread::spawn(move || role(&ledger, &registry)));
        }
        self
    }

    /// Starts so many threads that take three snapshots each.
    #[must_use]
    pub fn read(self, threads: usize) -> Self {
        self.play(threads, |ledger, registry| (0..3).for_each(|_| snapshot(ledger, registry)))
    }

    /// Waits for all threads, and takes the snapshot that must be exact.
    #[must_use]
    pub fn end(self) -> Ledger {
        for thread in self.threads {
            thread.join().expect("shuttle ends the execution when a thread panics");
        }
        snapshot(&self.ledger, &self.registry);
        self.ledger
    }
}
