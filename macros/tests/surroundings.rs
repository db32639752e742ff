//! The derives wherever they may stand: under strict lints, in macros, beside names that are theirs, and in crates that
//! have the engine elsewhere.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![deny(clippy::pedantic, clippy::nursery)]
#![allow(clippy::redundant_pub_crate, reason = "this workspace says how far a name reaches")]
#![deny(
    missing_docs,
    missing_debug_implementations,
    single_use_lifetimes,
    unreachable_pub,
    unused_qualifications
)]

/// Where a crate may re-export the engine.
pub mod facade {
    pub use tachometer as engine;
}

/// A struct with names that the derives use too, and whose type and fields are public.
pub mod public {
    use tachometer::{Counter, Family, Gauge, LabelValue, Labels, Metrics};

    /// A status.
    #[derive(Clone, Copy, Debug, LabelValue)]
    pub enum Rest {
        /// Fine.
        Ok,
        /// Not fine.
        #[deprecated = "fail with a reason"]
        Failed,
    }

    /// Labels.
    #[derive(Clone, Debug, Labels)]
    pub struct Shape<Open, Closed> {
        /// The labels.
        pub labels: Open,
        /// The key.
        #[deprecated = "it is looked up"]
        pub key: Closed,
        /// The index.
        pub index: Rest,
        /// The same type again.
        pub again: Rest,
    }

    /// Labels whose bounds are said already.
    #[derive(Clone, Debug, Labels)]
    pub struct Bounded<V: LabelValue, L>
    where
        L: Labels,
    {
        /// A value.
        pub value: V,
        /// Labels.
        #[label(flatten)]
        pub labels: L,
    }

    /// No labels.
    #[derive(Clone, Copy, Debug, Labels)]
    pub struct Nothing;

    /// Metrics.
    #[derive(Clone, Debug, Metrics)]
    #[metrics(common = Nothing)]
    pub struct Registry<Common: Labels> {
        /// A gauge.
        #[deprecated = "nobody sets it"]
        pub registry: Gauge,
        /// A family.
        pub common: Family<Common, Counter>,
        /// The same family type under another name.
        #[metric(label = "self")]
        pub name: Family<Rest, Counter>,
    }
}

/// Only the names of the prelude, and none of them.
mod bare {
    #![no_implicit_prelude]

    #[derive(::tachometer::LabelValue)]
    pub(crate) enum Status {
        Ok,
        Failed,
    }

    #[derive(::tachometer::Labels)]
    pub(crate) struct Sent {
        pub(crate) status: Status,
    }

    #[derive(::tachometer::Metrics)]
    #[metrics(common = Sent)]
    pub(crate) struct Metrics {
        /// Records.
        pub(crate) records_total: ::tachometer::Counter,
    }
}

/// Not the engine, but with the names that the derive of a label value uses.
mod other_engine {
    pub(crate) mod labels {
        pub(crate) enum Closed {}
    }

    pub(crate) trait LabelValue {
        type Domain;
        const COUNT: usize;
        fn index(&self) -> usize;
        fn value_at(index: usize) -> &'static str;
        fn write(&self, to: &mut dyn std::fmt::Write) -> std::fmt::Result;
    }
}

macro_rules! in_a_macro {
    ($sent:ident, $field:ident, $value:ty) => {
        #[derive(tachometer::Labels)]
        #[label(crate = $crate::facade::engine)]
        struct $sent {
            $field: $value,
            by_macro: bool,
        }

        #[derive(tachometer::Metrics)]
        #[metrics(crate = $crate::facade::engine, prefix = "macros", common = $sent)]
        struct MacroMetrics {
            /// Records.
            $field: tachometer::Counter,
        }
    };
}

#[test]
fn a_macro_may_write_what_is_derived() {
    in_a_macro!(Sent, kind, Option<bool>);
    let registry = tachometer::Registry::new();
    registry.register::<MacroMetrics>(Sent { kind: Some(true), by_macro: false }).unwrap().kind.inc();
    let labels = [("kind", "true"), ("by_macro", "false")];
    assert_eq!(registry.snapshot().counter("macros_kind", &labels), Some(1));
}

#[test]
fn the_engine_is_where_the_attribute_says() {
    #[derive(tachometer::LabelValue)]
    #[label(crate = other_engine)]
    enum Status {
        Ok,
    }
    fn is_closed<V: other_engine::LabelValue<Domain = other_engine::labels::Closed>>(
        value: &V,
    ) -> &'static str {
        assert_eq!(V::COUNT, 1);
        let mut text = String::new();
        value.write(&mut text).unwrap();
        assert_eq!(text, "ok");
        V::value_at(value.index())
    }
    assert_eq!(is_closed(&Status::Ok), "ok");
}

#[test]
fn names_of_the_derives_own_may_be_those_of_the_program() {
    use public::{Nothing, Registry, Rest, Shape};
    let registry = tachometer::Registry::new();
    let metrics: Registry<Shape<bool, bool>> = registry.register(Nothing).unwrap();
    metrics.name.get(Rest::Ok).inc();
    assert_eq!(registry.snapshot().counter("name", &[("self", "ok")]), Some(1));
    assert_eq!(registry.snapshot().family("common").unwrap().series().count(), 16);
}

#[test]
fn no_name_of_the_prelude_is_needed() {
    let registry = tachometer::Registry::new();
    for status in [bare::Status::Ok, bare::Status::Failed] {
        registry.register::<bare::Metrics>(bare::Sent { status }).unwrap().records_total.inc();
    }
    assert_eq!(registry.snapshot().counter("records_total", &[("status", "failed")]), Some(1));
}
