#!/usr/bin/env bash
# The tests under the address and the leak sanitizer, and a program of many threads under the thread sanitizer. Nothing
# that a sanitizer reports is suppressed.
#
# Needs rustup, and installs the nightly toolchain when it is missing. For Linux on x86-64.
set -euo pipefail
cd "$(dirname "$0")/.."

platform=x86_64-unknown-linux-gnu
build="${CARGO_TARGET_DIR:-$PWD/target}/sanitizers"
script=ci/sanitizers.sh
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
# shellcheck source=ci/common.sh
source ci/common.sh
log=$directory/program.log
# Where a test panics on purpose, a trace through an instrumented program would take longer than a callback may.
export RUST_BACKTRACE=0
export CARGO_INCREMENTAL=0

# Not run at all. They measure what the process takes of memory, which here is mostly the sanitizer's own.
measuring=(
    a_million_label_sets_fit_into_the_limit_and_are_counted_to_the_last
    ten_million_observations_without_a_scrape_take_no_memory
    ten_thousand_short_lived_threads_lose_nothing_and_leave_no_memory_behind
    threads_that_touch_one_percent_of_the_series_take_a_twentieth_of_dense_arrays
    a_thousand_scrapers_at_once_get_whole_answers_or_503_and_cost_little_memory_and_few_threads
    slow_readers_are_closed_at_the_deadline_hold_two_bodies_at_most_and_delay_nobody
)
# The same, and too good to leave out: freed memory is held back from reuse for a mebibyte only.
reusing=(no_count_is_ever_seen_under_another_name)
# Run without the leak sanitizer, because they lose memory on purpose:
leaking=(
    # texts and bounds that must live as long as the program, which the test makes up,
    collector::id::tests::buckets_are_refused_when_a_registry_would_refuse_them
    collector::id::tests::labels_that_no_metric_can_have_are_refused
    names_that_are_too_long_to_keep_for_ever_are_errors
    the_errors_that_are_kept_are_the_first
    # a barrier for the destructor of a thread-local,
    a_thread_that_starts_meanwhile_does_not_get_the_shard_of_a_local_handle
    # local handles that are never dropped, so that their shards are never free,
    the_last_local_handle_returns_the_shard_and_a_leaked_one_never_does
    local_handles_beyond_the_shard_limit_lease_and_lose_nothing
    # a collector that owns the one it is bound in,
    a_collector_may_bind_the_one_it_is_called_by
    # and the engine itself: what the destructor of a panic's payload panics with. To drop it could go on for ever.
    a_callback_that_panics_when_it_is_dropped_harms_nobody
)

# Cargo with a sanitizer, in a target directory of the sanitizer's own. Only what is built for a named platform is
# instrumented: build scripts and macros, which run in the compiler, are not.
with() {
    local sanitizer=$1 subcommand=$2 flags="-Zsanitizer=$1"
    shift 2
    # The standard library is built without it. That it cannot see into it is told in `sanitizers/src/turn.rs`.
    [[ $sanitizer != thread ]] || flags+=" -Cunsafe-allow-abi-mismatch=sanitizer"
    RUSTFLAGS=$flags cargo +nightly "$subcommand" --locked --target "$platform" \
        --target-dir "$build/$sanitizer" "$@"
}

# `named COUNT ARGUMENTS..`: as many tests are run by their names. One with another name would otherwise go unseen.
named() {
    local wanted=$1 count
    shift
    with address test --package tachometer "$@" | tee "$log"
    count=$(awk '/^test result: ok/ { passed += $4 } END { print passed + 0 }' "$log")
    ((count == wanted)) || fail "$count tests ran, of $wanted names"
}

# The program commits a fault, and the sanitizer must report it with these words.
expect_report() {
    local sanitizer=$1 fault=$2 words=$3
    if "$build/$sanitizer/$platform/debug/tachometer-sanitizers" "$fault" >"$log" 2>&1; then
        fail "the $sanitizer sanitizer did not notice the fault \`$fault\`"
    fi
    grep -q "$words" "$log" || fail "\`$fault\` failed without \`$words\`"
    printf 'noticed: %s\n' "$fault"
}

install_nightly

section "faults that the address and the leak sanitizer must notice"
with address build --package tachometer-sanitizers
expect_report address use-after-free "heap-use-after-free"
expect_report address leak "detected memory leaks"

section "the tests under both"
skipped=()
for name in "${measuring[@]}" "${reusing[@]}" "${leaking[@]}"; do
    skipped+=(--skip "$name")
done
with address test --package tachometer --package tachometer-prometheus --lib --tests --no-fail-fast \
    -- --quiet --exact "${skipped[@]}"

section "the tests that lose memory on purpose, under the address sanitizer"
ASAN_OPTIONS=detect_leaks=0 named "${#leaking[@]}" --lib \
    --test collector_bound --test local_handles --test local_limit --test named --test statics \
    --test stuck_callbacks -- --quiet --exact "${leaking[@]}"

section "the test of cells that are used again"
ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=16 named "${#reusing[@]}" --test churn \
    -- --quiet --exact "${reusing[@]}"

section "a fault that the thread sanitizer must notice"
with thread build --package tachometer-sanitizers
expect_report thread data-race "ThreadSanitizer: data race"

section "all of the engine on many threads, under the thread sanitizer"
"$build/thread/$platform/debug/tachometer-sanitizers"
