#!/usr/bin/env bash
# Every model of the engine's concurrency. About six minutes on two cores, the build included.
#
# LOOM_MAX_PREEMPTIONS=2 ci/loom.sh is a quick look; the models assert their numbers of executions from 3 on.
# LOOM_MAX_PREEMPTIONS=4 ci/loom.sh is the level for a night: one preemption more for every model, also for those that
# explore two otherwise, and about ten times as long. Arguments choose tests: ci/loom.sh --test callbacks.
#
# The panics in the output belong to the controls: models with a fault in them, which must be found.
set -euo pipefail
cd "$(dirname "$0")/.."

export RUSTFLAGS="--cfg tachometer_loom"
export LOOM_MAX_PREEMPTIONS="${LOOM_MAX_PREEMPTIONS:-3}"
export RUST_BACKTRACE=0

# A target directory of its own: the flag would otherwise rebuild everything, here and in the next build.
cargo test --release --locked --package tachometer-loom-tests --target-dir "${CARGO_TARGET_DIR:-target}/loom" \
    "$@" -- --nocapture --test-threads=2
