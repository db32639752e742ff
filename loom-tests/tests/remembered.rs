//! Handles of somebody who looks at the count of removals to tell whether they are still good, as collectors do.
#![cfg(tachometer_loom)]

use loom::thread;
use tachometer::{
    Counter, DynamicFamily, Registry,
    model::{self, Shard},
};
use tachometer_loom_tests::{check, control};

const ORDERS: [(&str, &str); 1] = [("stream_name", "orders")];

fn family(registry: &Registry) -> DynamicFamily<Counter> {
    registry.counter_family("sent_total", "", ["stream_name"]).unwrap()
}

/// A registry with the series, and a shard under the calling thread.
fn registry() -> Registry {
    Shard::acquire().unwrap().wear();
    let registry = Registry::new();
    let _series = family(&registry).with(ORDERS).unwrap();
    registry
}

/// If there was no removal since the count was `removals`, a record through the handle must be seen.
fn assert_good(registry: &Registry, handle: &Counter, removals: u64) {
    handle.inc();
    if model::removals(registry) == removals {
        let seen = registry.snapshot().counter("sent_total", &ORDERS);
        assert_eq!(seen, Some(1), "a handle is taken for good whose series is gone");
    }
}

#[test]
fn a_handle_is_good_until_the_count_of_removals_rises() {
    check("a handle is good until the count of removals rises", 80, || {
        let registry = registry();
        let remover = {
            let family = family(&registry);
            thread::spawn(move || {
                assert!(family.remove(ORDERS));
                family
            })
        };
        let keeper = {
            let (registry, family) = (registry.clone(), family(&registry));
            thread::spawn(move || {
                let removals = model::removals(&registry);
                let handle = family.with(ORDERS).unwrap();
                (removals, handle, family, registry)
            })
        };
        let _family = remover.join().unwrap();
        let (removals, handle, _family, _registry) = keeper.join().unwrap();
        assert_good(&registry, &handle, removals);
    });
}

#[test]
fn a_family_is_good_until_the_count_of_removals_rises() {
    check("a family is good until the count of removals rises", 140, || {
        let registry = registry();
        let remover = {
            let registry = registry.clone();
            thread::spawn(move || {
                assert!(registry.unregister("sent_total"));
                registry
            })
        };
        let keeper = {
            let registry = registry.clone();
            thread::spawn(move || {
                let removals = model::removals(&registry);
                let family = family(&registry);
                let handle = family.with(ORDERS).unwrap();
                (removals, handle, family, registry)
            })
        };
        let _registry = remover.join().unwrap();
        let (removals, handle, _family, _registry) = keeper.join().unwrap();
        assert_good(&registry, &handle, removals);
    });
}

/// The count is read when the series has been looked up.
#[test]
#[should_panic(expected = "a handle is taken for good whose series is gone")]
fn control_a_count_that_is_read_late_is_seen() {
    control("a count of removals that is read late", || {
        let registry = registry();
        let remover = {
            let family = family(&registry);
            thread::spawn(move || {
                assert!(family.remove(ORDERS));
                family
            })
        };
        let family = family(&registry);
        let handle = family.with(ORDERS).unwrap();
        let removals = model::removals(&registry);
        let _family = remover.join().unwrap();
        assert_good(&registry, &handle, removals);
    });
}
