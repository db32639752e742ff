//! The checker itself: wrong ledgers that it must refuse, and right ones that look odd.
#![cfg(tachometer_shuttle)]

use tachometer_shuttle_tests::{Amount, Fate, HoldId, Kind, Ledger, Shown};

/// A ledger with one series that is registered already.
fn with(kind: Kind) -> (Ledger, HoldId) {
    let ledger = Ledger::new(0);
    let hold = ledger.expect(ledger.account("series", "", &kind));
    ledger.register(hold, || {});
    (ledger, hold)
}

fn record(ledger: &Ledger, hold: HoldId) -> f64 {
    let mut recorded = 0.0;
    ledger.record(hold, |amount| recorded = amount.float());
    recorded
}

/// A snapshot that shows this of the series.
fn show(ledger: &Ledger, value: f64) {
    ledger.read(|| vec![("series".to_owned(), String::new(), Shown::Number(value))]);
}

/// A snapshot without the series.
fn show_nothing(ledger: &Ledger) {
    ledger.read(Vec::new);
}

#[track_caller]
fn refused(ledger: &Ledger, why: &str) {
    let verdict = ledger.verdict();
    assert!(verdict.as_ref().is_err_and(|refusal| refusal.contains(why)), "{verdict:?}, not {why:?}");
}

#[track_caller]
fn accepted(ledger: &Ledger) {
    ledger.verdict().unwrap();
}

#[test]
fn a_record_that_is_lost_counted_twice_or_made_up_is_refused() {
    for wrong in
        [|_: f64| 0.0, |value: f64| 2.0 * value, |value: f64| value + 1024.0, |value: f64| value + 0.5]
    {
        let (ledger, hold) = with(Kind::Sum);
        let value = record(&ledger, hold);
        accepted(&ledger);
        show(&ledger, value);
        accepted(&ledger);
        show(&ledger, wrong(value));
        assert!(ledger.verdict().is_err());
    }
}

#[test]
fn a_record_beside_a_snapshot_may_be_in_it_or_not_and_one_after_it_may_not() {
    for shows in [true, false] {
        let (ledger, hold) = with(Kind::Sum);
        ledger.record(hold, |amount| show(&ledger, if shows { amount.float() } else { 0.0 }));
        accepted(&ledger);
    }
    let (ledger, hold) = with(Kind::Sum);
    show(&ledger, 1.0);
    assert_eq!(record(&ledger, hold), 1.0);
    refused(&ledger, "must be");
}

#[test]
fn a_value_that_goes_back_is_refused_also_where_each_snapshot_by_itself_may_be() {
    let (ledger, hold) = with(Kind::Sum);
    ledger.record(hold, |amount| [amount.float(), 0.0].into_iter().for_each(|value| show(&ledger, value)));
    refused(&ledger, "went back");
}

/// Two records under way at once: the later snapshot has one more and one less.
#[test]
fn a_record_that_is_exchanged_for_another_is_refused() {
    let (ledger, hold) = with(Kind::Sum);
    let both = |first: Amount, second: Amount| {
        show(&ledger, first.float());
        show(&ledger, second.float());
    };
    ledger.record(hold, |first| ledger.record(hold, |second| both(first, second)));
    refused(&ledger, "went back");
}

#[test]
fn negative_amounts_are_told_from_missing_ones() {
    let (ledger, hold) = with(Kind::Balance);
    let (plus, minus) = (record(&ledger, hold), record(&ledger, hold));
    assert!(plus > 0.0 && minus < 0.0);
    show(&ledger, plus + minus);
    accepted(&ledger);
    show(&ledger, plus);
    refused(&ledger, "must be");
}

#[test]
fn a_series_that_is_missing_or_there_too_early_or_under_no_name_is_refused() {
    let (ledger, _) = with(Kind::Sum);
    show_nothing(&ledger);
    refused(&ledger, "is missing");

    let ledger = Ledger::new(0);
    let hold = ledger.expect(ledger.account("series", "", &Kind::Sum));
    show(&ledger, 0.0);
    refused(&ledger, "cannot be");
    ledger.register(hold, || {});
    refused(&ledger, "cannot be");

    let (ledger, _) = with(Kind::Sum);
    ledger
        .read(|| ["series", "other"].map(|name| (name.to_owned(), String::new(), Shown::Number(0.0))).into());
    refused(&ledger, "never registered");
}

#[test]
fn what_is_left_of_a_removed_series_is_refused() {
    let (ledger, hold) = with(Kind::Sum);
    let value = record(&ledger, hold);
    ledger.remove(Fate::Removed, "series", None, || {});
    show_nothing(&ledger);
    accepted(&ledger);
    let again = ledger.expect(ledger.account("series", "", &Kind::Sum));
    ledger.register(again, || {});
    show(&ledger, 0.0);
    accepted(&ledger);
    record(&ledger, hold);
    show(&ledger, 0.0);
    accepted(&ledger);
    show(&ledger, value);
    refused(&ledger, "may");
}

#[test]
fn a_removed_series_that_is_still_there_is_refused() {
    let (ledger, _) = with(Kind::Sum);
    ledger.remove(Fate::Unregistered, "series", None, || show(&ledger, 0.0));
    accepted(&ledger);
    show(&ledger, 0.0);
    refused(&ledger, "cannot be");
}

#[test]
fn what_was_removed_and_comes_back_is_refused() {
    let (ledger, hold) = with(Kind::Sum);
    let value = record(&ledger, hold);
    ledger.remove(Fate::Restarted, "series", None, || {
        [value, 0.0].into_iter().for_each(|value| show(&ledger, value));
        accepted(&ledger);
        show(&ledger, value);
    });
    refused(&ledger, "comes back");
}

#[test]
fn a_restart_takes_what_was_before_and_leaves_what_comes_after() {
    let (ledger, hold) = with(Kind::Sum);
    let before = record(&ledger, hold);
    ledger.remove(Fate::Restarted, "series", Some(""), || {});
    let after = record(&ledger, hold);
    show(&ledger, after);
    accepted(&ledger);
    show(&ledger, before + after);
    refused(&ledger, "may");
}

#[test]
fn buckets_that_do_not_belong_to_the_sum_are_refused() {
    let (ledger, hold) = with(Kind::Distribution(vec![4.0]));
    // 1, and 32 behind it.
    let sum = record(&ledger, hold) + record(&ledger, hold);
    let shown = |counts: [u64; 2]| {
        let buckets = Shown::Buckets { counts: counts.to_vec(), sum };
        ledger.read(|| vec![("series".to_owned(), String::new(), buckets)]);
    };
    shown([1, 1]);
    accepted(&ledger);
    shown([2, 0]);
    refused(&ledger, "do not belong");
}

#[test]
fn a_gauge_shows_the_last_value_set_or_one_that_is_being_set() {
    let (ledger, hold) = with(Kind::Last);
    show(&ledger, 0.0);
    let first = record(&ledger, hold);
    ledger.record(hold, |second| [first, second.float()].into_iter().for_each(|value| show(&ledger, value)));
    accepted(&ledger);
    show(&ledger, first);
    refused(&ledger, "");
    let (ledger, hold) = with(Kind::Last);
    record(&ledger, hold);
    show(&ledger, 0.0);
    refused(&ledger, "must be");
    let (ledger, hold) = with(Kind::Last);
    let first = record(&ledger, hold);
    ledger.record(hold, |second| [second.float(), first].into_iter().for_each(|value| show(&ledger, value)));
    refused(&ledger, "went back");
}

#[test]
fn events_are_counted_between_those_that_ended_and_those_that_began() {
    let (ledger, hold) = with(Kind::Events);
    record(&ledger, hold);
    ledger.record(hold, |_| [1.0, 2.0].into_iter().for_each(|value| show(&ledger, value)));
    accepted(&ledger);
    show(&ledger, 1.0);
    refused(&ledger, "must be");
    let (ledger, hold) = with(Kind::Events);
    ledger.record(hold, |_| [1.0, 0.0].into_iter().for_each(|value| show(&ledger, value)));
    refused(&ledger, "went back");
}

#[test]
fn an_idle_series_may_go_once_a_snapshot_had_it_and_not_before() {
    let (ledger, hold) = with(Kind::Sum);
    ledger.forgets_idle_series();
    let value = record(&ledger, hold);
    show(&ledger, value);
    show_nothing(&ledger);
    refused(&ledger, "is missing");

    let (ledger, hold) = with(Kind::Sum);
    ledger.forgets_idle_series();
    let value = record(&ledger, hold);
    ledger.give_up(hold);
    show_nothing(&ledger);
    refused(&ledger, "was forgotten before");
    show(&ledger, value);
    accepted(&ledger);
}
