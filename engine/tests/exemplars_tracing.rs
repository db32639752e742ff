//! `tracing`'s current span as the source of exemplars.
#![forbid(unsafe_code)]

use tachometer::{Exemplars, Registry};
use tracing::{info_span, subscriber::with_default};

#[test]
fn the_id_of_the_current_span_is_the_span_of_the_exemplar() {
    let registry = Registry::builder().exemplars(Exemplars::one_in(1).from_tracing()).build().unwrap();
    let orders = registry.counter("orders_total", "Orders.").unwrap();
    let labels = || {
        let snapshot = registry.snapshot();
        let exemplars = snapshot.series("orders_total", &[]).unwrap().exemplars();
        let labels = exemplars.flat_map(|(_, exemplar)| exemplar.labels());
        labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    orders.inc_traced();
    assert_eq!(labels(), [], "without a subscriber there is no span");
    with_default(tracing_subscriber::registry(), || {
        orders.inc_traced();
        assert_eq!(labels(), [], "the record is in no span");
        let (_outer, inner) = (info_span!("outer").entered(), info_span!("inner"));
        let id = inner.id().unwrap().into_u64();
        inner.in_scope(|| orders.inc_traced());
        assert_eq!(labels(), [("span_id".to_owned(), format!("{id:016x}"))]);
    });
    assert_eq!(orders.value(), 3);
}
