//! An operation records all of its parts wherever their cells lie: together in one page, apart, or in no cell at all.
#![forbid(unsafe_code)]

use std::time::Duration;

use tachometer::{
    Buckets, Counter, Family, Gauge, Histogram, MAX_BOUNDS, Operation, Outcome, Registry, UpDownCounter,
    dropped_records,
};

/// Nearly as many cells as a page has, so that what comes next lies in the next one.
const A_PAGE: usize = 510;

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

    /// Gives the thread every page.
    fn touch(&self) {
        self.latency.observe_n(0.5, 0);
        [&self.records, &self.bytes].into_iter().for_each(|counter| counter.add(0));
        self.active.add(0);
        Outcome::ALL.into_iter().for_each(|outcome| self.outcomes[outcome].add(0));
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
    let filled = Registry::builder().max_series_per_family(4 * A_PAGE).build().unwrap();
    let fill = filled.counter_family("fill_total", "", ["part", "number"]).unwrap();
    let between = |part: &str| {
        for number in 0..A_PAGE {
            let _cells = fill.with([("part", part), ("number", &*number.to_string())]).unwrap();
        }
    };
    let registry = Registry::new();
    let loads = Loads::new(&registry, Buckets::seconds(), between);
    loads.touch();
    load(&loads.operation());
    loads.assert_ended_once(6);
    let neighbour = fill.with([("part", "latency"), ("number", "0")]).unwrap();
    assert_eq!(neighbour.value(), 0, "a cell of another metric");
}

#[test]
fn cells_in_a_page_that_is_not_the_first_are_recorded() {
    let fill = Registry::new();
    let first = fill.histogram_with("fill", "", Buckets::linear(1.0, 1.0, MAX_BOUNDS)).unwrap();
    let registry = Registry::new();
    let loads = Loads::new(&registry, Buckets::seconds(), |_| ());
    first.observe(0.5);
    loads.touch();
    load(&loads.operation());
    loads.assert_ended_once(6);
    assert_eq!((first.value().count, first.value().sum), (1, 0.5));
}

#[test]
fn cells_in_pages_near_and_far_are_recorded() {
    const PAGES: usize = 140;
    let registries: Vec<Registry> = (0..PAGES).map(|_| Registry::new()).collect();
    // Each takes most of a page.
    let bounds = Buckets::linear(1.0, 1.0, 240).unwrap();
    let all: Vec<Loads> =
        registries.iter().map(|registry| Loads::new(registry, bounds.clone(), |_| ())).collect();
    for loads in &all {
        loads.touch();
        load(&loads.operation());
    }
    all.iter().for_each(|loads| loads.assert_ended_once(0));
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
