//! A signal handler may record with a `SignalCounter`, whatever the thread that it interrupts is doing.
#![cfg(unix)]

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use tachometer::{Registry, SignalCounter};

/// At least so many signals must arrive, a thousand a second.
const SIGNALS: u64 = 300;

static COUNTER: OnceLock<SignalCounter> = OnceLock::new();
static HANDLED: AtomicU64 = AtomicU64::new(0);

extern "C" fn handle(_signal: libc::c_int) {
    HANDLED.fetch_add(1, Ordering::SeqCst);
    if let Some(counter) = COUNTER.get() {
        counter.inc();
    }
}

/// Has [`handle`] called a thousand times a second, or never again.
fn ring(on: bool) {
    let every = libc::timeval { tv_sec: 0, tv_usec: if on { 1_000 } else { 0 } };
    let timer = libc::itimerval { it_interval: every, it_value: every };
    // SAFETY: `timer` is valid for reads during the call, and a null pointer asks for no old value.
    let result = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    assert_eq!(result, 0, "setitimer: {}", std::io::Error::last_os_error());
}

fn install_handler() {
    // SAFETY: all zeroes is a valid `sigaction`: no flags, an empty mask, the default action.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handle as extern "C" fn(libc::c_int) as usize;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: `action` is valid for reads during the call, and the handler does only what is async-signal-safe: an
    // atomic addition, an atomic load and, by the promise under test, a record.
    let result = unsafe { libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()) };
    assert_eq!(result, 0, "sigaction: {}", std::io::Error::last_os_error());
}

#[test]
fn a_handler_counts_each_signal_while_threads_use_the_engine() {
    let registry = Registry::new();
    let signals = registry.signal_counter("signals_total", "Signals.").unwrap();
    assert!(COUNTER.set(signals.clone()).is_ok());
    install_handler();
    ring(true);
    let expected: u64 = thread::scope(|scope| {
        // Threads that come and go, register, record and take snapshots, so that the handler meets each half-way.
        let work = || {
            let mut recorded = 0;
            while HANDLED.load(Ordering::SeqCst) < SIGNALS {
                let body = || {
                    let counter = registry.counter("events_total", "Events.").unwrap();
                    let inner = Registry::new();
                    let histogram = inner.histogram("size", "Size.").unwrap();
                    (0..100).for_each(|_| counter.inc());
                    (0..100).for_each(|_| histogram.observe(1.0));
                    assert_eq!(inner.snapshot().histogram("size", &[]).unwrap().sum(), 100.0);
                };
                scope.spawn(body).join().unwrap();
                recorded += 100;
            }
            recorded
        };
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    ring(false);
    // A signal that was sent before the timer stopped is handled when its thread next runs, which may be just now.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while signals.value() != HANDLED.load(Ordering::SeqCst) && std::time::Instant::now() < deadline {
        thread::yield_now();
    }
    assert_eq!(signals.value(), HANDLED.load(Ordering::SeqCst));
    assert!(signals.value() >= SIGNALS);
    assert_eq!(registry.snapshot().counter("events_total", &[]), Some(expected));
}
