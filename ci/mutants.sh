#!/usr/bin/env bash
# Changes the engine in small ways, one at a time, and asks whether a test notices: cargo-mutants over `engine/src`.
#
#   ci/mutants.sh           what changed since BASE, HEAD~1 unless it is set; at most MAX_MUTANTS, evenly picked, for at
#                           most MAX_SECONDS
#   ci/mutants.sh FILE..    every mutant of these files, such as engine/src/pairs.rs
#   ci/mutants.sh all       every mutant of the engine, in hours. What is finished is kept: run it again to go on.
#
# A mutant that no test catches, and that .cargo/mutants.toml does not explain, is an error. What was found lies below
# the target directory, in `mutants/results`. Installs cargo-mutants there when it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=27.1.0
# What CI has time for, beside the first build and the installation. One that is caught takes some seconds, one that
# is not has to pass every test: a minute.
MAX_MUTANTS="${MAX_MUTANTS:-20}"
MAX_SECONDS="${MAX_SECONDS:-180}"
# Trees that are tested side by side when all is.
WORKERS="${WORKERS:-2}"
# The records, which everything rests on, come first.
FIRST='cells|pairs|shard/|histogram|integer_histogram|bucket|counter|gauge|sums|held|drops|local_handle/|operation/|signal|state_set|timer|statics/|snapshot/'
THEN='registry/|labels/'

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
work="$target/mutants"
results="$work/results"
# What cargo runs a test program with.
JUDGE="target.'cfg(all())'.runner = ['bash', '$PWD/ci/mutants_judge.sh']"

install_tool() {
    if [[ "$(cargo mutants --version 2>/dev/null)" == "cargo-mutants $VERSION" ]]; then
        return
    fi
    PATH="$target/tools/bin:$PATH"
    if [[ "$(cargo mutants --version 2>/dev/null)" != "cargo-mutants $VERSION" ]]; then
        cargo install --quiet --locked --root "$target/tools" --version "$VERSION" cargo-mutants
    fi
}

list() {
    cargo mutants --list --package tachometer "$@"
}

# Runs cargo-mutants in a tree of its own, whose target directory stays. `mutate TREE OUTPUT ARGUMENTS..`
mutate() {
    local tree="$work/tree-$1" output="$2"
    shift 2
    python3 ci/mutants_tree.py "$tree" || return
    mkdir -p "$output"
    # The judge ends what takes too long, by processor time, so that a loaded machine changes nothing.
    CARGO_TARGET_DIR="$tree-target" CARGO_INCREMENTAL=1 \
        timeout --signal=INT --kill-after=60 "${SECONDS_LEFT:-0}" \
        cargo mutants --dir "$tree" --in-place --output "$output" --package tachometer --no-times --colors never \
        --build-timeout 600 --timeout 3600 "--cargo-arg=--config=$JUDGE" --cargo-arg=--test=all "$@"
}

# Runs the tests as they are, since one that fails without a mutant would catch every mutant. With `QUICK`, those only
# that catch most.
baseline() {
    python3 ci/mutants_tree.py "$work/tree-0"
    echo "the tests without a mutant"
    (cd "$work/tree-0" && CARGO_TARGET_DIR="$work/tree-0-target" CARGO_INCREMENTAL=1 \
        cargo test --quiet "--config=$JUDGE" --package tachometer --test all)
}

# Takes one file after the other that nobody has taken, until there is none left. What earlier runs have caught in it is
# not tried again.
worker() {
    local file name
    while read -r file; do
        name="${file//\//.}"
        if [[ -e "$results/$name/done" ]] || ! mkdir "$work/taken/$name" 2>/dev/null; then
            continue
        fi
        # 2 and 3 say that mutants were missed, or ran out of time; others that it did not come to the end.
        mutate "$1" "$results/$name" --baseline skip --iterate --file "$file" >>"$work/worker-$1.log" 2>&1 ||
            (($? == 2 || $? == 3)) || continue
        touch "$results/$name/done"
    done <"$work/files"
}

ordered_files() {
    list | cut -d: -f1 | sort -u >"$work/unordered"
    grep -E "^engine/src/($FIRST)" "$work/unordered" || true
    grep -E "^engine/src/($THEN)" "$work/unordered" || true
    grep -vE "^engine/src/($FIRST|$THEN)" "$work/unordered" || true
}

# Tries the mutants of the files in `$work/files` with so many workers.
files() {
    local number workers=()
    rm -rf "$work/taken"
    mkdir -p "$work/taken" "$results"
    baseline
    for ((number = 0; number < $1; number++)); do
        worker "$number" &
        workers+=($!)
    done
    wait "${workers[@]}"
    summary
}

everything() {
    mkdir -p "$work"
    ordered_files >"$work/files"
    files "$WORKERS"
}

# The given files again, whether they are finished or not.
given() {
    local file
    mkdir -p "$work"
    printf '%s\n' "$@" >"$work/files"
    for file in "$@"; do
        rm -f "$results/${file//\//.}/done"
    done
    files 1
}

# What is known of the files in `$work/files`. An outcome that an earlier run has found is among those of the earlier.
summary() {
    local outcome file
    for outcome in caught previously_caught missed timeout unviable; do
        while read -r file; do
            cat "$results/${file//\//.}/mutants.out/$outcome.txt" 2>/dev/null || true
        done <"$work/files" | sort >"$work/$outcome.txt"
        printf '%-17s %5d\n' "$outcome" "$(wc -l <"$work/$outcome.txt")"
    done
    cat "$work/missed.txt" "$work/timeout.txt"
    [[ ! -s "$work/missed.txt" && ! -s "$work/timeout.txt" ]]
}

changed() {
    local base="${BASE:-HEAD~1}" diff="$work/changes.diff" count shards status=0
    if ! git rev-parse --quiet --verify "$base^{commit}" >/dev/null; then
        printf 'there is no %s to compare with; no mutant was tried\n' "$base"
        return
    fi
    mkdir -p "$work"
    git diff "$base" -- engine/src >"$diff"
    if [[ ! -s "$diff" ]]; then
        printf 'nothing in engine/src changed since %s; no mutant was tried\n' "$base"
        return
    fi
    install_tool
    count=$(list --in-diff "$diff" | wc -l)
    if ((count == 0)); then
        printf 'what changed in engine/src since %s has no mutants\n' "$base"
        return
    fi
    shards=$(((count + MAX_MUTANTS - 1) / MAX_MUTANTS))
    printf 'what changed in engine/src since %s has %d mutants' "$base" "$count"
    ((shards == 1)) || printf '; there is time for one in %d, ci/mutants.sh FILE tries them all' "$shards"
    printf '\n'
    QUICK=1 baseline
    SECONDS_LEFT="$MAX_SECONDS" mutate 0 "$results/changed" --baseline skip --in-diff "$diff" \
        --sharding round-robin --shard "0/$shards" || status=$?
    if ((status == 124)); then
        printf 'the %d seconds are over; the others were not tried\n' "$MAX_SECONDS"
        [[ ! -s "$results/changed/mutants.out/missed.txt" && ! -s "$results/changed/mutants.out/timeout.txt" ]]
        return
    fi
    return "$status"
}

case "${1:-changed}" in
    changed) changed ;;
    all)
        install_tool
        everything
        ;;
    *)
        install_tool
        given "$@"
        ;;
esac
