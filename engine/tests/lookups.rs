//! A look-up that finds its series takes no memory, whatever the label values are, and one that is refused little; nor
//! does anything of a disabled registry.
//!
//! The global allocator counts what each thread allocates, so the threads of the harness do not disturb.

#[path = "common/labels.rs"]
mod labels;
#[path = "common/plain.rs"]
mod plain;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    fmt,
};

use labels::{Method, Request, Sent, Status};
use plain::plain;
use tachometer::{
    Counter, DynamicFamily, Family, Gauge, Histogram, RegisterError, RegisterErrorReason, Registry,
    SignalCounter, StateSet, labels::MAX_LABEL_VALUE_BYTES,
};

struct Counting;

thread_local! {
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every request goes to `System` as it came. The bookkeeping beside it is a thread-local without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get() + layout.size());
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller got `pointer` from `alloc` with this layout, hence from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that `work` allocates on this thread.
fn allocated(work: impl FnOnce()) -> usize {
    let before = BYTES.get();
    work();
    BYTES.get() - before
}

/// Looks up twice: to make the series, and to find it.
#[track_caller]
fn assert_hits_allocate_nothing(what: &str, look_up: impl Fn()) {
    let first = allocated(&look_up);
    assert!(first > 0, "{what}: the allocator counts nothing");
    assert_eq!(allocated(|| (0..100).for_each(|_| look_up())), 0, "{what}");
}

fn family<L, M>(registry: &Registry, name: &'static str, labels: &[&'static str]) -> Family<L, M>
where
    L: tachometer::Labels,
    M: tachometer::Metric,
{
    registry.declare(name, "").labels(labels.iter().copied()).register().unwrap()
}

#[test]
fn a_look_up_that_finds_its_series_allocates_nothing() {
    let registry = plain();
    let text: Family<String, Counter> = family(&registry, "text_total", &["l"]);
    let (string, number) = (String::from("string"), 4_000_000_000_u32);
    let long = "x".repeat(250);
    assert_hits_allocate_nothing("str", || text.with("str").unwrap().inc());
    assert_hits_allocate_nothing("String", || text.with(&string).unwrap().inc());
    assert_hits_allocate_nothing("250 bytes", || text.with(&long).unwrap().inc());
    assert_hits_allocate_nothing("format_args!", || text.with(format_args!("{number:x}")).unwrap().inc());
    assert_hits_allocate_nothing("by labels", || text.series(&"by labels").unwrap().inc());

    let numbers: Family<u32, Histogram> = family(&registry, "number", &["l"]);
    assert_hits_allocate_nothing("u32", || numbers.with(number).unwrap().observe(1.0));

    let pairs: Family<(String, Option<u8>), Gauge> = family(&registry, "pair", &["a", "b"]);
    assert_hits_allocate_nothing("tuple", || pairs.with(("a", Some(7_u8))).unwrap().set(1.0));

    let sent: Family<Sent<String>, Counter> = family(&registry, "sent_total", &[]);
    assert_hits_allocate_nothing("mixed", || sent.with("orders").unwrap()[Status::Failed].inc());
    let clicks = Sent { stream_name: "clicks", status: Status::Ok };
    assert_hits_allocate_nothing("mixed by labels", || sent.series(&clicks).unwrap().inc());

    let dynamic: DynamicFamily<Counter> = registry.counter_family("dynamic_total", "", ["a", "b"]).unwrap();
    let labels = [("b", "2"), ("a", "1")];
    assert_hits_allocate_nothing("dynamic", || dynamic.with(labels).unwrap().inc());
}

#[test]
fn a_look_up_beyond_the_limit_allocates_nothing() {
    let registry = Registry::builder().self_metrics(false).max_series_per_family(1).build().unwrap();
    let open: Family<u32, Counter> = family(&registry, "open_total", &["l"]);
    open.with(0_u32).unwrap().inc();
    open.with(1_u32).unwrap().inc();
    assert_eq!(allocated(|| (2..100_u32).for_each(|number| open.with(number).unwrap().inc())), 0);
    assert_eq!(registry.snapshot().counter("open_total", &[("overflow", "true")]), Some(99));
}

const LONG: usize = 16 << 20;

/// Writes on and on, whatever it is told.
struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..LONG / 16 {
            let _ = f.write_str("0123456789abcdef");
        }
        Ok(())
    }
}

#[test]
fn a_value_that_is_too_long_is_refused_without_taking_its_memory() {
    let registry = plain();
    let open: Family<String, Counter> = family(&registry, "open_total", &["l"]);
    let dynamic = registry.counter_family("dynamic_total", "", ["l"]).unwrap();
    let long = "x".repeat(LONG);
    let assert_refused = |what: &str, look_up: &dyn Fn() -> Result<Counter, RegisterError>| {
        let bytes = allocated(|| {
            let error = look_up().unwrap_err();
            assert_eq!(error.reason(), &RegisterErrorReason::LabelValueTooLong("l".into()), "{what}");
        });
        // The value up to its 65,536th byte, and the smaller buffers before that one.
        assert!(bytes < 4 * MAX_LABEL_VALUE_BYTES, "{what}: {bytes} bytes");
    };
    assert_refused("str", &|| open.with(&*long));
    assert_refused("format_args!", &|| open.with(format_args!("{Endless}")));
    assert_refused("dynamic", &|| dynamic.with([("l", &*long)]));
    assert!(allocated(|| assert!(!open.remove(&&*long))) < 4 * MAX_LABEL_VALUE_BYTES);
    assert_eq!(registry.snapshot().families().map(|family| family.series().count()).sum::<usize>(), 0);
}

#[test]
fn a_family_of_closed_labels_allocates_nothing_from_its_registration_on() {
    let registry = plain();
    let family: Family<Request, Counter> = family(&registry, "sent_total", &[]);
    let record = || {
        for method in Method::ALL {
            for status in Status::ALL {
                family[Request { method: *method, status: *status }].inc();
            }
        }
        drop(family.clone());
    };
    record();
    assert_eq!(allocated(|| (0..100).for_each(|_| record())), 0);
    let labels = Request { method: Method::Read, status: Status::Ok };
    assert_eq!(family[labels].value(), 101);
}

#[test]
fn a_disabled_registry_does_nothing_and_allocates_nothing() {
    let registry = Registry::disabled();
    let work = || {
        let closed: Family<Request, Counter> = registry.declare("sent_total", "").register().unwrap();
        closed[Request { method: Method::Read, status: Status::Ok }].inc();
        let mixed: Family<Sent<String>, Histogram> = registry.declare("size", "").register().unwrap();
        let orders = mixed.with("orders").unwrap();
        orders[Status::Ok].observe(1.0);
        assert_eq!(orders[Status::Ok].value().count, 0);
        mixed.series(&Sent { stream_name: "orders", status: Status::Ok }).unwrap().observe(1.0);
        let open: Family<u64, SignalCounter> = registry.declare("signals_total", "").register().unwrap();
        open.with(3_u64).unwrap().inc();
        let link: StateSet<Method> = registry.declare("link", "").register().unwrap();
        link.set(Method::Write);
        assert!(!link.is_on(Method::Write) && !link.is_on(Method::Read));
        assert!(!open.remove(&3_u64) && !mixed.remove_with("orders") && !registry.unregister("x"));
        closed.clear();
        mixed.clear();
    };
    work();
    assert_eq!(registry.snapshot().families().len(), 0);
    assert_eq!(allocated(|| (0..10).for_each(|_| work())), 0);
}
