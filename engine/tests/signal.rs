//! A signal handler may record with a `SignalCounter`, whatever the thread that it interrupts is doing, and observe in a
//! histogram that its thread observes in.
//!
//! A program without the test harness, whose main thread would take all the signals.

#[cfg(unix)]
mod common;
#[cfg(unix)]
#[path = "common/interrupted.rs"]
mod interrupted;
#[cfg(unix)]
#[path = "common/signals.rs"]
mod signals;

#[cfg(unix)]
fn main() {
    unix::ten_thousand_signals_are_counted_while_threads_use_the_engine();
    println!("test ten_thousand_signals_are_counted_while_threads_use_the_engine ... ok");
}

#[cfg(not(unix))]
fn main() {
    println!("there are no such signals on this platform");
}

#[cfg(unix)]
mod unix {
    use std::{
        sync::{
            OnceLock,
            atomic::{AtomicBool, AtomicU64, Ordering},
        },
        thread,
        time::{Duration, Instant},
    };

    use super::{
        common::Finish,
        interrupted::{Account, every_kind, observe_in_handler, observe_until, watch},
        signals::{install, ring, take_alarms},
    };
    use tachometer::{Registry, SignalCounter};

    /// At least so many signals must arrive, at most a thousand a second.
    const SIGNALS: u64 = 10_000;
    /// The test fails when they take so long.
    const DEADLINE: Duration = Duration::from_secs(120);

    static COUNTER: OnceLock<SignalCounter> = OnceLock::new();
    static HANDLED: AtomicU64 = AtomicU64::new(0);

    extern "C" fn handle(_signal: libc::c_int) {
        if let Some(counter) = COUNTER.get() {
            counter.inc();
        }
        observe_in_handler();
        HANDLED.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn ten_thousand_signals_are_counted_while_threads_use_the_engine() {
        let registry = Registry::new();
        let counter = registry.signal_counter("signals_total", "Signals.").unwrap();
        assert!(COUNTER.set(counter.clone()).is_ok());
        let [(name, make), ..] = every_kind(&registry);
        let account = Account::open();
        take_alarms(false);
        install(libc::SIGALRM, handle);
        let done = AtomicBool::new(false);
        let (turns, recorded) = thread::scope(|scope| {
            let (finish, done) = (Finish(&done), &done);
            scope.spawn(|| watch(&registry, name, done));
            let observer = scope.spawn(move || {
                take_alarms(true);
                observe_until(done, make())
            });
            let recorder = scope.spawn(|| use_the_engine(&registry, done));
            ring(true);
            let begin = Instant::now();
            while HANDLED.load(Ordering::SeqCst) < SIGNALS {
                thread::sleep(Duration::from_millis(10));
                assert!(begin.elapsed() < DEADLINE, "only {HANDLED:?} signals were handled");
            }
            ring(false);
            println!("{HANDLED:?} signals in {:?}", begin.elapsed());
            drop(finish);
            (observer.join().unwrap(), recorder.join().unwrap())
        });
        // Nobody takes a signal any more.
        assert_eq!(counter.value(), HANDLED.load(Ordering::SeqCst));
        assert!(counter.value() >= SIGNALS);
        assert_eq!(registry.snapshot().counter("events_total", &[]), Some(recorded));
        account.assert_balanced(&registry, name, turns);
    }

    /// Threads that come and go, register, record and take snapshots, so that the handler meets each half-way.
    fn use_the_engine(registry: &Registry, done: &AtomicBool) -> u64 {
        take_alarms(true);
        let mut recorded = 0;
        while !done.load(Ordering::Relaxed) {
            let body = || {
                let counter = registry.counter("events_total", "Events.").unwrap();
                let inner = Registry::new();
                let histogram = inner.histogram("size", "Size.").unwrap();
                (0..100).for_each(|_| counter.inc());
                (0..100).for_each(|_| histogram.observe(1.0));
                assert_eq!(inner.snapshot().histogram("size", &[]).unwrap().sum(), 100.0);
            };
            thread::scope(|scope| scope.spawn(body).join().unwrap());
            recorded += 100;
        }
        recorded
    }
}
