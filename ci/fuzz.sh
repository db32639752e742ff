#!/usr/bin/env bash
# Replays the corpus of every fuzz target, has other parsers read what it exposes, and then fuzzes, FUZZ_SECONDS (60) each
# and all targets at once. What is found is in fuzz/artifacts.
#
# Needs rustup and python3 with pip. Installs what is missing: the nightly toolchain, cargo-fuzz and prometheus_client
# below the target directory, and from Debian promtool and a C++ compiler, which needs root.
set -euo pipefail
cd "$(dirname "$0")/.."

targets=(bucket_index registration round_trip)
seconds=${FUZZ_SECONDS:-60}
version=0.13.2
build="${CARGO_TARGET_DIR:-$PWD/target}"
tools="$build/tools"
fuzzers="$build/fuzz/x86_64-unknown-linux-gnu/release"
directory=$(mktemp -d)
script=ci/fuzz.sh
# shellcheck source=ci/common.sh
source ci/common.sh
pids=()
# As cargo-fuzz has it.
export ASAN_OPTIONS=detect_odr_violation=0
export CARGO_INCREMENTAL=0
export RUST_BACKTRACE=0

clean_up() {
    for pid in "${pids[@]}"; do
        # A fuzzer, and the shell that waits for it.
        kill -- "-$pid" 2>/dev/null || true
    done
    rm -rf "$directory"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

install_what_is_missing() {
    command -v c++ >/dev/null || install_packages g++
    install_prometheus
    install_python_client "$tools/python"
    install_nightly
    if [[ "$("$tools/bin/cargo-fuzz" --version 2>/dev/null)" != *" $version" ]]; then
        cargo install --quiet --locked --root "$tools" --version "$version" cargo-fuzz
    fi
}

# Runs a target, and shows what it found.
fuzz() {
    local target=$1
    shift
    local found="fuzz/artifacts/$target"
    mkdir -p "$found"
    if "$fuzzers/$target" -artifact_prefix="$found/" -dict=fuzz/dictionary.txt -max_len=1024 -timeout=60 \
        -print_final_stats=1 "$@" >"$directory/$target.log" 2>&1; then
        printf '%-14s %s\n' "$target" "$(grep -E '^#[0-9]+\s+DONE' "$directory/$target.log")"
        return
    fi
    tail -n 60 "$directory/$target.log" >&2
    # Shown now, and not once more with the others.
    rm "$directory/$target.log"
    printf 'ci/fuzz.sh: %s failed. What failed is above, and in %s. Again, with a backtrace:\n' "$target" "$found" >&2
    printf '    RUST_BACKTRACE=1 cargo +nightly fuzz run %s FILE\n' "$target" >&2
    return 1
}

install_what_is_missing

section "format and lints"
cargo fmt --manifest-path fuzz/Cargo.toml --check
cargo clippy --quiet --locked --manifest-path fuzz/Cargo.toml --target-dir "$build/fuzz" --lib \
    -- -D warnings

section "build"
# It has no option for that: what is in step here is in step there.
cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
PATH="$tools/bin:$PATH" cargo +nightly fuzz build --target-dir "$build/fuzz"

section "the corpus"
for target in "${targets[@]}"; do
    TACHOMETER_FUZZ_EXPOSITIONS="$directory/expositions" fuzz "$target" -runs=0 "fuzz/corpus/$target"
done

section "what the corpus exposes, read by prometheus_client and promtool"
PYTHONPATH="$tools/python" python3 ci/fuzz_check.py <"$directory/expositions"

section "$seconds s of each target"
# Each in a process group of its own.
set -m
for target in "${targets[@]}"; do
    mkdir -p "$directory/new/$target"
    # What is found new goes to the first directory.
    fuzz "$target" -max_total_time="$seconds" "$directory/new/$target" "fuzz/corpus/$target" &
    pids+=($!)
done
set +m
failed=0
for pid in "${pids[@]}"; do
    wait "$pid" || failed=1
done
pids=()
((failed == 0)) || fail "a target failed"
