//! An operation records all of its parts wherever their cells lie: together in one page, apart, or in no cell at all.
#![forbid(unsafe_code)]

use std::time::Duration;

use tachometer::{
    Buckets, Counter, Family, Gauge, Histogram, Operation, Outcome, Registry, UpDownCounter, dropped_records,
};

/// Nearly as many cells as a page has.
const A_PAGE: usize = 500;

struct Loads {
    latency: Histogram,
    records: Counter,
    bytes: Counter,
    active: UpDownCounter,
    outcomes: Family<Outcome, Counter>,
}

impl Loads {
    /// `between` is called after each registration.
    fn new(registry: &Registry, buckets: Buckets, between: impl Fn(&str)) -> Self {
        let latency = registry.histogram_with("load_duration_seconds", "", buckets).unwrap();
        between("latency");
        let records = registry.counter("records_total", "").unwrap();
        between("records");
        let bytes = registry.counter("bytes_total", "").unwrap();
        between("bytes");
        let active = registry.up_down_counter("active_loads", "").unwrap();
        between("active");
        let outcomes = registry.declare("loads_total", "").label("outcome").register().unwrap();
        Self { latency, records, bytes, active, outcomes }
    }

    fn operation(&self) -> Operation {
        let Self { latency, records, bytes, active, outcomes } = self;
        Operation::new().latency(latency).records(records).bytes(bytes).in_flight(active).outcomes(outcomes)
    }

    fn assert_ended_once(&self, bucket: usize) {
        let latency = self.latency.value();
        assert_eq!((latency.count, latency.sum, latency.counts[bucket]), (1, 0.5, 1));
        let counts = (self.records.value(), self.bytes.value(), self.active.value());
        assert_eq!(counts, (3, 40, 0));
        assert_eq!(Outcome::ALL.map(|outcome| self.outcomes[outcome].value()), [0, 1, 0, 0]);
    }
}

/// Ends one as an error, after half a second.
fn load(operation: &Operation) {
    let mut load = operation.start();
    load.add_records(3);
    load.add_bytes(40);
    load.took(Duration::from_millis(500));
    load.end(Outcome::Error);
}

#[test]
fn cells_in_one_page_are_recorded_whether_the_thread_has_the_page_or_not() {
    for touch in [false, true] {
        let registry = Registry::new();
        let loads = Loads::new(&registry, Buckets::seconds(), |_| ());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                if touch {
                    loads.records.add(0);
                }
                load(&loads.operation());
            });
        });
        loads.assert_ended_once(6);
    }
}

#[test]
fn cells_in_several_pages_are_recorded() {
    let registry = Registry::new();
    let fill = registry.counter_family("fill_total", "", ["part", "number"]).unwrap();
    let between = |part: &str| {
        for number in 0..A_PAGE {
            let _cells = fill.with([("part", part), ("number", &*number.to_string())]).unwrap();
        }
    };
    let registry = Registry::new();
    let loads = Loads::new(&registry, Buckets::seconds(), between);
    load(&loads.operation());
    loads.assert_ended_once(6);
}

#[test]
fn bounds_without_a_table_are_searched() {
    let registry = Registry::new();
    let buckets = Buckets::explicit([0.25, 0.25_f64.next_up(), 0.75]).unwrap();
    let loads = Loads::new(&registry, buckets, |_| ());
    load(&loads.operation());
    loads.assert_ended_once(2);
}

#[test]
fn a_gauge_beside_the_cells_counts_what_is_under_way() {
    let registry = Registry::new();
    let loads = Loads::new(&registry, Buckets::seconds(), |_| ());
    let active: Gauge = registry.gauge("active", "").unwrap();
    let operation = loads.operation().in_flight_gauge(&active);
    let under_way = operation.start();
    assert_eq!((active.value(), loads.active.value()), (1.0, 1));
    load(&operation);
    under_way.discard();
    assert_eq!(active.value(), 0.0);
    loads.assert_ended_once(6);
}

#[test]
fn parts_that_were_not_asked_for_cost_nobody_a_record() {
    let registry = Registry::new();
    let loads = Loads::new(&registry, Buckets::seconds(), |_| ());
    let before = dropped_records_in_all();
    load(&Operation::new());
    load(&Operation::new().records(&loads.records));
    load(&Operation::new().latency(&loads.latency));
    assert_eq!((loads.records.value(), loads.bytes.value(), loads.active.value()), (3, 0, 0));
    assert_eq!((loads.latency.value().count, loads.outcomes[Outcome::Error].value()), (1, 0));
    assert_eq!(dropped_records_in_all(), before);
}

/// A part that is set again replaces the one before it, also in a clone, which the other does not notice.
#[test]
fn a_part_that_is_set_again_replaces_the_one_before() {
    let registry = Registry::new();
    let [first, second] = ["first_total", "second_total"].map(|name| registry.counter(name, "").unwrap());
    let one = Operation::new().records(&first);
    let other = one.clone().records(&second);
    load(&one);
    load(&other);
    load(&other);
    assert_eq!((first.value(), second.value()), (3, 6));
}

fn dropped_records_in_all() -> u64 {
    tachometer::DropReason::ALL.map(dropped_records).iter().sum()
}
