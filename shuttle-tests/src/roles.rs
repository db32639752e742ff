//! What threads of a scenario do. Each draws its next step.

use std::{cell::RefCell, time::Duration};

use shuttle::{
    rand::{Rng, thread_rng},
    thread,
};
use tachometer::{Buckets, Counter, Family, Operation, Outcome, Registry};

use crate::{
    account::Kind,
    form::{BOUNDS, ClosedFamily, Form, Record},
    ledger::{Fate, HoldId, Ledger},
};

/// A handle to a metric, and where its records are written down.
#[derive(Clone)]
pub struct Held {
    ledger: Ledger,
    hold: HoldId,
    record: Record,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Held").field(&self.hold).finish()
    }
}

impl Held {
    /// Registers a metric without labels.
    #[must_use]
    pub fn register(ledger: &Ledger, registry: &Registry, form: Form, name: &str) -> Self {
        let hold = ledger.expect(ledger.account(name, "", &form.kind()));
        let record = ledger.register(hold, || form.register(registry, name));
        Self { ledger: ledger.clone(), hold, record }
    }

    /// Records once.
    pub fn record(&self) {
        self.ledger.record(self.hold, |amount| (self.record)(amount));
    }
}

/// Registers a metric of each form, or finds that another thread has, and records in them in any order; now and then
/// through a local handle.
pub fn writes(ledger: &Ledger, registry: &Registry) {
    let mut held: [Option<Held>; Form::ALL.len()] = Default::default();
    for _ in 0..between(6, 12) {
        let at = between(0, Form::ALL.len());
        let (form, name) = (Form::ALL[at], name_of(Form::ALL[at]));
        if chance(4) {
            record_locally(ledger, registry, form, &name);
        } else {
            held[at].get_or_insert_with(|| registers(ledger, registry, form)).record();
        }
    }
}

/// Registers the metric of a form.
#[must_use]
pub fn registers(ledger: &Ledger, registry: &Registry, form: Form) -> Held {
    Held::register(ledger, registry, form, &name_of(form))
}

/// Starts threads one after the other, each of which records, ends, and may record while it ends.
pub fn starts_threads(ledger: &Ledger, registry: &Registry) {
    for _ in 0..between(1, 4) {
        let (ledger, registry) = (ledger.clone(), registry.clone());
        thread::spawn(move || ends(&ledger, &registry))
            .join()
            .expect("shuttle ends the execution when it panics");
    }
}

/// Records before and behind the destructor that returns its shard, through handles of both kinds.
pub fn ends(ledger: &Ledger, registry: &Registry) {
    let form = Form::drawn();
    let (name, held) = (name_of(form), registers(ledger, registry, form));
    // Thread-locals are dropped in the order in which they were first used: this one before the engine's, or after.
    if chance(2) {
        held.record();
    }
    LAST_WORDS.with(|words| words.0.borrow_mut().push(Box::new(move || held.record())));
    if chance(2) {
        let hold = ledger.expect(ledger.account(&name, "", &form.kind()));
        let local = ledger.register(hold, || form.register_local(registry, &name));
        ledger.record(hold, &local);
        let ledger = ledger.clone();
        LAST_WORDS.with(|words| words.0.borrow_mut().push(Box::new(move || ledger.record(hold, &local))));
    }
}

/// Runs operations, whose parts are recorded when each ends.
pub fn operates(ledger: &Ledger, registry: &Registry) {
    let outcomes = ["ok", "error", "cancelled", "panicked"].map(|outcome| {
        ledger.expect(ledger.account("outcomes", &format!("outcome={outcome}"), &Kind::Events))
    });
    let ended =
        ledger.register_all(&outcomes, || registry.declare("outcomes", "").label("outcome").register());
    let ended: Family<Outcome, Counter> = ended.expect("no other metric has the name");
    let parts = [("took", Form::Observed), ("records", Form::Counted), ("bytes", Form::Counted)]
        .map(|(name, form)| (ledger.expect(ledger.account(name, "", &form.kind())), name));
    let latency =
        ledger.register(parts[0].0, || registry.histogram_with("took", "", Buckets::explicit(BOUNDS)));
    let counters = [1, 2].map(|at| ledger.register(parts[at].0, || registry.counter(parts[at].1, "")));
    let [records, bytes] = counters.map(|counter| counter.expect("no other metric has the name"));
    let latency = latency.expect("no other metric has the name");
    let operation = Operation::new().latency(&latency).records(&records).bytes(&bytes).outcomes(&ended);
    for _ in 0..between(2, 6) {
        let mut guard = operation.start();
        let outcome = between(0, 3);
        ledger.record(parts[0].0, |took| {
            ledger.record(parts[1].0, |records| {
                ledger.record(parts[2].0, |bytes| {
                    ledger.record(outcomes[outcome], |_| {
                        guard.took(Duration::from_secs(took.whole()));
                        guard.add_records(records.whole());
                        guard.add_bytes(bytes.whole());
                        guard.end([Outcome::Ok, Outcome::Error, Outcome::Cancelled][outcome]);
                    });
                });
            });
        });
    }
}

/// Gives its shard back and records on: each time in another shard, which it takes and puts back.
pub fn leases(ledger: &Ledger, registry: &Registry) {
    let held = registers(ledger, registry, Form::Counted);
    held.record();
    LAST_WORDS.with(|words| {
        words.0.borrow_mut().push(Box::new(move || (0..between(3, 9)).for_each(|_| held.record())));
    });
}

/// Looks up series of the family of this form, records in them, and forgets them again.
pub fn looks_up(form: Form) -> impl Fn(&Ledger, &Registry) + Clone + Send + 'static {
    move |ledger, registry| {
        let (registered, family) = ledger.during(|| form.register_open(registry, "open"));
        for _ in 0..between(3, 6) {
            let key = drawn_key();
            let hold = ledger.expect(ledger.account("open", &format!("key={key}"), &form.kind()));
            let record = ledger.find(hold, registered, || (family.find)(key));
            (0..between(1, 4)).for_each(|_| ledger.record(hold, &*record));
            ledger.give_up(hold);
            drop(record);
        }
    }
}

/// Removes series of that family, one or all.
pub fn removes(form: Form) -> impl Fn(&Ledger, &Registry) + Clone + Send + 'static {
    move |ledger, registry| {
        let family = form.register_open(registry, "open");
        for _ in 0..between(2, 5) {
            if chance(4) {
                ledger.remove(Fate::Removed, "open", None, || (family.clear)());
            } else {
                let key = drawn_key();
                ledger.remove(Fate::Removed, "open", Some(&format!("key={key}")), || (family.remove)(key));
            }
        }
    }
}

/// Records in series with a closed label, which exist from the registration on.
pub fn chooses(form: Form) -> impl Fn(&Ledger, &Registry) + Clone + Send + 'static {
    move |ledger, registry| {
        let (family, holds) = closed(ledger, registry, form);
        for _ in 0..between(3, 9) {
            let at = between(0, 2);
            ledger.record(holds[at], &*family.series[at]);
        }
    }
}

/// Begins them again.
pub fn restarts(form: Form) -> impl Fn(&Ledger, &Registry) + Clone + Send + 'static {
    move |ledger, registry| {
        let (family, _) = closed(ledger, registry, form);
        for _ in 0..between(1, 4) {
            let retried = chance(2);
            let labels = format!("retried={retried}");
            ledger.remove(Fate::Restarted, "closed", Some(&labels), || (family.restart)(retried));
        }
    }
}

/// Registers metrics, records in them, and removes them with all that they hold, under names that others use too.
pub fn comes_and_goes(ledger: &Ledger, registry: &Registry) {
    for _ in 0..between(3, 6) {
        // A name has one form, or its registration would fail.
        let at = between(0, 3);
        let (form, name) = ([Form::Counted, Form::Observed, Form::Added][at], ["one", "two", "three"][at]);
        let held = Held::register(ledger, registry, form, name);
        (0..between(1, 4)).for_each(|_| held.record());
        if chance(2) {
            ledger.remove(Fate::Unregistered, name, None, || registry.unregister(name));
            held.record();
        }
    }
}

shuttle::thread_local! {
    static LAST_WORDS: LastWords = LastWords::default();
}

/// What a thread does while its thread-locals are dropped.
#[derive(Default)]
struct LastWords(RefCell<Vec<Box<dyn Fn()>>>);

impl Drop for LastWords {
    fn drop(&mut self) {
        self.0.take().iter().for_each(|word| word());
    }
}

fn closed(ledger: &Ledger, registry: &Registry, form: Form) -> (ClosedFamily, [HoldId; 2]) {
    let holds = ["retried=false", "retried=true"]
        .map(|labels| ledger.expect(ledger.account("closed", labels, &form.kind())));
    let family = ledger.register_all(&holds, || form.register_closed(registry, "closed"));
    (family, holds)
}

fn record_locally(ledger: &Ledger, registry: &Registry, form: Form, name: &str) {
    let hold = ledger.expect(ledger.account(name, "", &form.kind()));
    let local = ledger.register(hold, || form.register_local(registry, name));
    (0..between(1, 3)).for_each(|_| ledger.record(hold, &local));
}

/// A number from `least` on, below `end`.
fn between(least: usize, end: usize) -> usize {
    thread_rng().gen_range(least..end)
}

/// Once in so many times.
fn chance(times: usize) -> bool {
    between(0, times) == 0
}

fn name_of(form: Form) -> String {
    format!("{form:?}").to_lowercase()
}

fn drawn_key() -> &'static str {
    ["a", "b", "c"][between(0, 3)]
}
