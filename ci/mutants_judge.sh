#!/usr/bin/env bash
# Runs the tests on a mutant, those first that are quick: what cargo runs the one test program of
# ci/mutants_tree.py with.
#
# What loops comes to the end of its processor time, which a loaded machine does not shorten; what waits, to the end of
# a longer time by the clock.
set -euo pipefail

# Longer than the rest together, and run only when that has found nothing.
SLOW=(
    together_churn::no_count_is_ever_seen_under_another_name
    together_collector_cache::more_series_than_a_thread_remembers_are_all_right
    together_collector_cache::records_beside_removals_end_in_what_is_registered
    together_histogram::ten_thousand_snapshots_beside_eight_writers_all_agree
    together_idle::no_record_is_lost_with_a_series_that_goes
    together_integer_histogram::integers_around_each_bound_fall_where_the_exposed_bound_says
    together_local_handles::local_handles_in_each_order_around_the_guard_and_another_recorder_record
    together_local_handles::the_last_local_handle_returns_the_shard_and_a_leaked_one_never_does
    together_reuse::threads_that_make_and_drop_registries_do_not_meet
    together_statics_race::a_histogram_registered_under_eight_threads_keeps_count_and_sum_together
    together_statics_race::the_snapshot_after_a_registration_has_what_was_recorded_before
)
# Ten seconds and more each, for many rounds of what others do in few.
NEVER=(
    apart_million_label_sets::
    together_bucket_index::ten_million_random_bit_patterns_fall_where_a_linear_scan_says
    together_limits::threads_that_meet_at_the_limit_agree_on_who_is_within
)

binary=$1

export PROPTEST_CASES="${PROPTEST_CASES:-16}" RUST_BACKTRACE=0

# `limited SECONDS COMMAND..`: as many of processor time, and six times as many by the clock.
limited() {
    local seconds=$1
    shift
    printf '%s\n' "judge: ${*##*/}"
    (ulimit -t "$seconds" && exec timeout --kill-after 5 $((6 * seconds)) "$@")
}

skipped=()
for name in "${SLOW[@]}" "${NEVER[@]}"; do
    skipped+=(--skip "$name")
done
# `--fail-fast` is not stable in libtest.
RUSTC_BOOTSTRAP=1 limited 30 "$binary" -Z unstable-options --fail-fast --skip apart_ "${skipped[@]}"

"$binary" --list apart_ | sed -n 's/::.*: test$/::/p' | sort -u >"$binary.apart"
while read -r module; do
    [[ " ${NEVER[*]} " == *" $module "* ]] || limited 20 "$binary" "$module"
done <"$binary.apart"

if [[ -n "${QUICK:-}" ]]; then
    exit
fi
limited 60 "$binary" --exact "${SLOW[@]}"

# Cargo runs this in the directory of the package.
programs=()
while read -r name; do
    programs+=(--test "$name")
done <../programs
limited 300 cargo test --quiet --package tachometer --lib "${programs[@]}"
limited 300 cargo test --quiet --package tachometer-prometheus --lib --tests
limited 300 cargo test --quiet --package tachometer --doc
