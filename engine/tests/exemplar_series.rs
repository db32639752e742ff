//! Exemplars of series that begin again, go, and are beyond the limit; and what snapshots have of them.
#![forbid(unsafe_code)]

use tachometer::{Counter, Exemplars, Family, Histogram, LabelValue, Registry, Snapshot, TraceContext};

/// A registry that samples every record.
fn registry() -> Registry {
    let context = || Some(TraceContext::new(1, 2));
    Registry::builder().exemplars(Exemplars::one_in(1).from(context)).build().unwrap()
}

/// The values of all exemplars of a family, by series and bucket.
fn values(snapshot: &Snapshot, name: &str) -> Vec<f64> {
    let series = snapshot.family(name).unwrap().series();
    series.flat_map(|series| series.exemplars().map(|(_, exemplar)| exemplar.value())).collect()
}

#[derive(Clone, Copy, LabelValue)]
enum Status {
    Ok,
    Failed,
}

#[test]
fn a_series_that_begins_again_begins_without_exemplars() {
    let registry = registry();
    let sent: Family<Status, Counter> =
        registry.declare("sent_total", "Sent.").label("status").register().unwrap();
    sent[Status::Ok].inc_traced();
    sent[Status::Failed].add_traced(2);
    let sent_now = || values(&registry.snapshot(), "sent_total");
    let mut both = sent_now();
    both.sort_by(f64::total_cmp);
    assert_eq!(both, [1.0, 2.0]);
    assert!(sent.remove(&Status::Ok));
    assert_eq!(sent_now(), [2.0]);
    sent[Status::Ok].add_traced(5);
    assert_eq!(sent_now().len(), 2);

    let size: Family<(), Histogram> = registry.declare("size", "Size.").register().unwrap();
    size[()].observe_traced(1.0);
    size.clear();
    assert!(values(&registry.snapshot(), "size").is_empty());
}

#[test]
fn a_series_that_is_removed_takes_its_exemplars_and_their_memory_with_it() {
    let registry = registry();
    let bytes = || registry.memory().metadata_bytes;
    let sent = registry.histogram_family("sent_seconds", "Sent.", ["stream"]).unwrap();
    // The map keeps the room that it had to make for one.
    drop(sent.with([("stream", "orders")]).unwrap());
    assert!(sent.remove([("stream", "orders")]));
    let empty = bytes();
    let orders = sent.with([("stream", "orders")]).unwrap();
    let without = bytes();
    orders.observe_traced(0.1);
    // Twelve buckets of 136 bytes each.
    assert_eq!(bytes() - without, 12 * 136);
    orders.observe_with_exemplar(0.1, [("long", "x".repeat(100))]);
    assert_eq!(bytes() - without, 12 * 136 + (512 - 72));
    assert!(sent.remove([("stream", "orders")]));
    assert!(values(&registry.snapshot(), "sent_seconds").is_empty());
    drop(orders);
    assert_eq!(bytes(), empty);
    let again = sent.with([("stream", "orders")]).unwrap();
    assert!(values(&registry.snapshot(), "sent_seconds").is_empty());
    drop(again);
}

#[test]
fn snapshots_keep_their_exemplars_and_tell_which_series_have_others() {
    let registry = registry();
    let sent = registry.counter_family("sent_total", "Sent.", ["stream"]).unwrap();
    let [audit, orders] = ["audit", "orders"].map(|stream| sent.with([("stream", stream)]).unwrap());
    audit.inc_traced();
    orders.inc_traced();
    let first = registry.snapshot();
    let again = registry.snapshot();
    assert_eq!(again.changed_since(&first), [0_usize; 0]);
    assert_eq!(first, again);
    orders.add_traced(5);
    let second = registry.snapshot();
    let changed: Vec<_> =
        second.changed_since(&first).into_iter().filter_map(|at| second.series_at(at)).collect();
    assert!(changed.len() == 1 && changed[0].labels().eq([("stream", "orders")]));
    assert_eq!(values(&first, "sent_total"), [1.0, 1.0]);
    assert_eq!(values(&second, "sent_total"), [1.0, 5.0]);
    assert_ne!(first, second);
    let difference = second.since(&first);
    assert_eq!(difference.counter("sent_total", &[("stream", "orders")]), Some(5));
    assert_eq!(values(&difference, "sent_total"), values(&second, "sent_total"));
}

#[test]
fn the_series_beyond_the_limit_has_them_too() {
    let exemplars = Exemplars::one_in(1).from(|| Some(TraceContext::new(1, 2)));
    let registry = Registry::builder().max_series_per_family(1).exemplars(exemplars).build().unwrap();
    let sent = registry.counter_family("sent_total", "Sent.", ["stream"]).unwrap();
    for stream in ["orders", "audit", "clicks"] {
        sent.with([("stream", stream)]).unwrap().add_traced(stream.len() as u64);
    }
    let snapshot = registry.snapshot();
    let overflow = snapshot.series("sent_total", &[("overflow", "true")]).unwrap();
    assert_eq!(overflow.exemplars().map(|(_, exemplar)| exemplar.value()).collect::<Vec<_>>(), [6.0]);
}
