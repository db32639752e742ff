//! Memory is refused at the first request of a piece of work, then at the second one, and so on, until the work asks for
//! less: alone, and with all that follow.
//!
//! A record that needs the memory is dropped and counted. Where the program declares or looks something up it may be
//! ended, as Rust ends programs without memory, but it does not hang and goes on only with what is right.
//!
//! Each attempt is made in a child of this process, and so begins with the same state: a process that has not recorded
//! anything. A program without the test harness, because what is forked must have one thread.

#[cfg(unix)]
#[path = "common/children.rs"]
mod children;
#[cfg(unix)]
#[path = "common/refusing.rs"]
mod refusing;

#[cfg(unix)]
fn main() {
    unix::all();
}

#[cfg(not(unix))]
fn main() {
    println!("there is no fork on this platform");
}

#[cfg(unix)]
mod unix {
    use std::{
        cell::RefCell,
        mem,
        sync::{
            LazyLock,
            atomic::{AtomicU32, Ordering},
        },
        thread,
    };

    use super::refusing::{Balance, sweep, sweep_that_may_abort, sweep_without_drops};
    use tachometer::{
        Buckets, Counter, DropReason, ExemplarProblem, Exemplars, Family, Histogram, Operation, Outcome,
        Registry, dropped_records, shards_made,
    };

    pub(crate) fn all() {
        let checks: [(&str, fn()); 10] = [
            ("refused_at_the_first_record_of_a_thread_it_is_counted_as_dropped", first_record),
            ("refused_at_the_first_observation_of_a_thread_it_is_counted_as_dropped", first_observation),
            ("refused_for_a_page_far_away_a_record_is_counted_as_dropped", far_page),
            ("refused_for_a_local_handle_its_records_are_counted_as_dropped", local_handle),
            ("refused_within_an_operation_each_part_is_recorded_or_counted_as_dropped", operation),
            ("refused_to_a_guard_each_of_its_ends_is_recorded_or_counted_as_dropped", in_flight),
            ("refused_to_a_lease_in_a_destructor_a_record_is_counted_as_dropped", lease_in_a_destructor),
            ("refused_to_exemplars_they_are_left_out_and_counted_and_every_record_is_kept", exemplars),
            ("refused_to_a_registration_a_process_ends_or_goes_on_and_never_hangs", control_plane),
            // The last, because it leaves no shard for a thread to keep.
            (
                "refused_to_a_lease_at_the_limit_of_kept_shards_a_record_is_counted_as_dropped",
                lease_at_the_limit,
            ),
        ];
        for (name, check) in checks {
            check();
            println!("test {name} ... ok");
        }
    }

    fn counter() -> Counter {
        Registry::new().counter("events_total", "Events.").unwrap()
    }

    /// A shard, the chunk of the next ones, a table and a page. When the first chunk is full, the next is there or is
    /// asked for again.
    fn first_record() {
        const MORE_THAN_A_CHUNK: usize = 300;
        static COUNTER: LazyLock<Counter> = LazyLock::new(counter);
        let counter = &*COUNTER;
        let balance = Balance {
            records: 3,
            record: &|| (0..3).for_each(|_| counter.inc()),
            recorded: &|| counter.value(),
        };
        sweep("the first record of a thread", 4, &|refusal| {
            balance.assert_kept(refusal);
            let (kept, dropped) = (counter.value(), dropped_records(DropReason::Memory));
            for _ in 0..MORE_THAN_A_CHUNK {
                thread::spawn(|| {
                    // It keeps the shard, so that each thread takes a new one.
                    let local = mem::ManuallyDrop::new(counter.local());
                    local.inc();
                })
                .join()
                .unwrap();
            }
            assert_eq!(counter.value(), kept + MORE_THAN_A_CHUNK as u64);
            assert_eq!(dropped_records(DropReason::Memory), dropped);
        });
    }

    fn first_observation() {
        let histogram = Registry::new().histogram("size", "Size.").unwrap();
        let record = || (0..3).for_each(|_| histogram.observe(2.0));
        let recorded = || {
            let value = histogram.value();
            assert_eq!(value.sum, 2.0 * value.count as f64);
            value.count
        };
        let balance = Balance { records: 3, record: &record, recorded: &recorded };
        sweep("the first observation of a thread", 4, &|refusal| balance.assert_kept(refusal));
    }

    /// A table and a page, behind those that a thread finds by one load and those in its first table.
    fn far_page() {
        const PAGES: u32 = 300;
        let registry = Registry::new();
        // Each fills a page.
        let buckets = Buckets::linear(1.0, 1.0, tachometer::MAX_BOUNDS);
        let family: Family<u32, Histogram> =
            registry.declare("size", "").label("page").buckets(buckets).register().unwrap();
        let pages: Vec<Histogram> = (0..PAGES).map(|page| family.with(page).unwrap()).collect();
        let (near, far) = (&pages[0], &pages[PAGES as usize - 1]);
        let recorded = || far.value().count;
        let balance =
            Balance { records: 2, record: &|| (0..2).for_each(|_| far.observe(3.0)), recorded: &recorded };
        sweep("a page far away", 2, &|refusal| {
            near.observe(3.0);
            balance.assert_kept(refusal);
        });
    }

    fn local_handle() {
        let counter = counter();
        let record = || {
            let local = counter.local();
            (0..3).for_each(|_| local.inc());
        };
        let balance = Balance { records: 3, record: &record, recorded: &|| counter.value() };
        // Refused once, it is asked for again by the first record.
        sweep("a local handle", 4, &|refusal| balance.assert_kept(refusal));
    }

    fn operation() {
        let registry = Registry::new();
        let latency = registry.histogram("duration_seconds", "").unwrap();
        let records = registry.counter("records_total", "").unwrap();
        let ends: Family<Outcome, Counter> =
            registry.declare("ends_total", "").label("outcome").register().unwrap();
        let operation = Operation::new().latency(&latency).records(&records).outcomes(&ends);
        let record = || {
            let done = operation.run(|progress| {
                progress.add_records(1);
                Err::<(), _>("refused")
            });
            assert!(done.is_err());
        };
        let ended = || Outcome::ALL.map(|outcome| ends[outcome].value()).iter().sum::<u64>();
        let recorded = || latency.value().count + records.value() + ended();
        let balance = Balance { records: 3, record: &record, recorded: &recorded };
        sweep("an operation", 4, &|refusal| balance.assert_kept(refusal));
    }

    /// The places of the series, and what holds long labels.
    fn exemplars() {
        let registry = Registry::builder().exemplars(Exemplars::one_in(1)).build().unwrap();
        let counter = registry.counter("events_total", "Events.").unwrap();
        let label = "x".repeat(100);
        let record = || (0..2).for_each(|_| counter.add_with_exemplar(1, [("n", label.as_str())]));
        let exemplars = || registry.snapshot().series("events_total", &[]).unwrap().exemplars().len();
        sweep_without_drops("exemplars", 2, &|refusal| {
            counter.inc();
            refusal.during(record);
            assert_eq!(counter.value(), 3);
            let left_out = registry.exemplar_problems(ExemplarProblem::Memory);
            assert_eq!(exemplars(), usize::from(left_out < 2), "{left_out} were left out with {refusal:?}");
            record();
            assert_eq!((counter.value(), exemplars()), (5, 1), "memory was back after {refusal:?}");
            assert_eq!(registry.exemplar_problems(ExemplarProblem::Memory), left_out);
        });
    }

    /// Of a beginning and an end one may be dropped: what is under way is then wrong by one, and it is counted.
    fn in_flight() {
        let active = Registry::new().up_down_counter("active", "").unwrap();
        sweep("a guard", 4, &|refusal| {
            refusal.during(|| drop(active.track()));
            let dropped = dropped_records(DropReason::Memory);
            let expected = match active.value() {
                0 => dropped == 0 || dropped == 2,
                value => value.abs() == 1 && dropped == 1,
            };
            assert!(expected, "{active:?} after {dropped} were dropped");
            let before = active.value();
            let guard = active.track();
            assert_eq!(active.value(), before + 1);
            drop(guard);
            assert_eq!((active.value(), dropped_records(DropReason::Memory)), (before, dropped));
        });
    }

    /// Records when its thread-local is destroyed, with what the test has put in.
    struct InDestructor(Box<dyn FnOnce()>);

    impl Drop for InDestructor {
        fn drop(&mut self) {
            mem::replace(&mut self.0, Box::new(|| ()))();
        }
    }

    thread_local! {
        static IN_DESTRUCTOR: RefCell<Option<InDestructor>> = const { RefCell::new(None) };
    }

    /// The thread has returned its shard, and another thread has taken that: the lease must make one.
    fn lease_in_a_destructor() {
        static STAGE: AtomicU32 = AtomicU32::new(0);
        fn wait_for(stage: u32) {
            while STAGE.load(Ordering::SeqCst) < stage {
                thread::yield_now();
            }
        }
        let (counter, other) = (counter(), counter());
        sweep("a lease in a destructor", 3, &|refusal| {
            let (counter, other) = (counter.clone(), other.clone());
            let taker = thread::spawn(move || {
                wait_for(1);
                other.inc();
                STAGE.store(2, Ordering::SeqCst);
                wait_for(3);
            });
            let leaser = thread::spawn(move || {
                let handle = counter.clone();
                let work = move || {
                    STAGE.store(1, Ordering::SeqCst);
                    wait_for(2);
                    let recorded = || handle.value() - 1;
                    let balance = Balance {
                        records: 2,
                        record: &|| (0..2).for_each(|_| handle.inc()),
                        recorded: &recorded,
                    };
                    balance.assert_kept(refusal);
                    assert_eq!(shards_made(), 2);
                    STAGE.store(3, Ordering::SeqCst);
                };
                // Touched before the first record, it is destroyed after the shard has been returned.
                IN_DESTRUCTOR.with(|slot| *slot.borrow_mut() = Some(InDestructor(Box::new(work))));
                counter.inc();
            });
            leaser.join().unwrap();
            taker.join().unwrap();
        });
    }

    fn lease_at_the_limit() {
        const MAX_KEPT: usize = 4_096;
        // It outlives the local handles, lest a sanitizer take its cells for leaked.
        static COUNTER: LazyLock<Counter> = LazyLock::new(counter);
        let counter = &*COUNTER;
        for _ in 0..MAX_KEPT {
            // A local handle that is leaked keeps the shard of its thread.
            thread::spawn(|| mem::forget(counter.local())).join().unwrap();
        }
        assert_eq!(shards_made(), MAX_KEPT);
        let balance = Balance {
            records: 2,
            record: &|| (0..2).for_each(|_| counter.inc()),
            recorded: &|| counter.value(),
        };
        sweep("a lease at the limit", 3, &|refusal| balance.assert_kept(refusal));
    }

    fn control_plane() {
        sweep_that_may_abort("registrations, look-ups and snapshots", 100, &|refusal| {
            let kept = refusal.during(use_the_control_plane);
            assert_eq!(kept.iter().map(|counter| counter.value()).collect::<Vec<_>>(), [0, 0, 0]);
            kept.iter().for_each(Counter::inc);
            assert_eq!(kept.iter().map(|counter| counter.value()).collect::<Vec<_>>(), [1, 1, 1]);
            let again = use_the_control_plane();
            assert_eq!(again.iter().map(|counter| counter.value()).collect::<Vec<_>>(), [0, 0, 0]);
        });
    }

    /// Declares, looks up, takes snapshots, removes; returns counters of a registry of its own.
    fn use_the_control_plane() -> [Counter; 3] {
        let registry = Registry::builder().namespace("shop").label("env", "test").build().unwrap();
        let plain = registry.counter("events_total", "Events.").unwrap();
        let typed: Family<(String, bool), Counter> =
            registry.declare("sent_total", "").labels(["stream", "ok"]).register().unwrap();
        let open = registry.counter_family("seen_total", "Seen.", ["user"]).unwrap();
        let series = typed.with("orders").unwrap()[true].clone();
        let user = open.with([("user", "a")]).unwrap();
        registry.gauge_fn("level", "Level.", || 1.0).unwrap();
        let first = registry.snapshot();
        assert_eq!(first.counter("shop_events_total", &[("env", "test")]), Some(0));
        assert!(typed.remove(&("orders", true)) && open.remove([("user", "a")]));
        let user = [user, open.with([("user", "a")]).unwrap()];
        let second = registry.snapshot();
        assert_eq!(second.counter("shop_seen_total", &[("env", "test"), ("user", "a")]), Some(0));
        assert!(registry.unregister("level"));
        let [_, user] = user;
        [plain, series, user]
    }
}
