//! Metrics of one cell that all threads share: signal counters and state sets.
#![cfg(tachometer_loom)]

use tachometer::{Registry, SignalCounter, StateSet};
use tachometer_loom_tests::{check, control, spawn};

/// The one in a thread is what a handler adds that interrupts it.
#[test]
fn additions_to_a_signal_counter_are_never_lost() {
    check("additions to a signal counter are never lost", 2_200, || {
        let registry = Registry::new();
        let counter = registry.signal_counter("hangups_total", "").unwrap();
        let adds = [1, 2].map(|amount| spawn(&counter, move |counter| counter.add(amount)));
        let reader = spawn(&registry, |registry| {
            let [first, second] =
                [(); 2].map(|()| registry.snapshot().counter("hangups_total", &[]).unwrap());
            assert!(first <= second && second <= 3, "{first}, then {second}");
        });
        let _adds: [SignalCounter; 2] = adds.map(|thread| thread.join().unwrap());
        let _reader = reader.join().unwrap();
        assert_eq!(counter.value(), 3, "an addition was lost");
    });
}

/// A set of two states, of which the first is on.
fn states() -> StateSet<bool> {
    Registry::new().declare("link", "").register().unwrap()
}

#[test]
fn a_state_that_one_thread_changes_leaves_the_other_threads() {
    check("a state that one thread changes leaves the other thread's", 14, || {
        let states = states();
        let enables = spawn(&states, |states| states.enable(true));
        let disables = spawn(&states, |states| states.disable(false));
        let _states = [enables, disables].map(|thread| thread.join().unwrap());
        assert_eq!([false, true].map(|state| states.is_on(state)), [false, true], "a change was lost");
    });
}

/// A change that is made of a look at the other state and of setting both.
#[test]
#[should_panic(expected = "a change was lost")]
fn control_a_change_that_sets_all_states_is_seen() {
    control("a change that sets all states", || {
        let states = states();
        let enables = spawn(&states, |states| {
            let other = states.is_on(false);
            states.set(true);
            if other {
                states.enable(false);
            }
        });
        let disables = spawn(&states, |states| states.disable(false));
        let _states = [enables, disables].map(|thread| thread.join().unwrap());
        assert_eq!([false, true].map(|state| states.is_on(state)), [false, true], "a change was lost");
    });
}
