//! A handler may observe after any instruction of an observation of its thread.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[path = "common/interrupted.rs"]
mod interrupted;
#[path = "common/signals.rs"]
mod signals;
#[path = "common/steps.rs"]
mod steps;

use interrupted::{Account, Maker, SAME, every_kind, keep, whole_counts, with_handlers_that_observe};
use steps::at_each_step;
use tachometer::Registry;

/// Observations that are interrupted after each of their instructions.
const TURNS: u64 = 20;

fn assert_exact(registry: &Registry, name: &str, make: Maker) {
    let observe = make();
    observe(SAME);
    let account = Account::open();
    let mut steps = 0;
    for turn in 1..=TURNS {
        steps += with_handlers_that_observe(observe, || at_each_step(|| observe(SAME)));
        let [same, other] = whole_counts(&registry.snapshot(), name);
        assert_eq!(same + other, 1 + turn + account.begun() - account.dropped(), "{name}");
    }
    account.assert_balanced(registry, name, 1 + TURNS);
    println!("{name}: {} instructions an observation", steps / TURNS);
    assert!(steps >= 20 * TURNS, "{name}: {steps} steps are no {TURNS} observations");
}

#[test]
fn an_observation_after_any_instruction_of_another_is_whole_or_counted_as_dropped() {
    let registry = Registry::new();
    for (name, make) in every_kind(&registry) {
        assert_exact(&registry, name, make);
    }
}

/// The bits of its sum are zero, like those of a cell that says that no observation is under way.
#[test]
fn an_observation_of_zero_is_noticed_like_any_other() {
    let registry = Registry::new();
    let histogram = registry.histogram("zero", "").unwrap();
    let zero = histogram.clone();
    let observe = keep(move |_| zero.observe(0.0));
    observe(SAME);
    let account = Account::open();
    for _ in 0..TURNS {
        with_handlers_that_observe(observe, || at_each_step(|| observe(SAME)));
    }
    assert_eq!(histogram.value().count, 1 + TURNS + account.begun() - account.dropped());
    assert!((1..account.begun()).contains(&account.dropped()));
}
