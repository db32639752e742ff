#!/usr/bin/env bash
# Random schedules of large scenarios over the engine's own code. Two to three minutes on two cores, the build included.
#
# The executions are always the same, because their numbers are. SHUTTLE_START=1000000 ci/shuttle.sh draws others. A
# scenario says how many it has, and SHUTTLE_TIMES multiplies that: 1 is a quick look, and 200 takes an hour or so, for
# the night, with another start each time.
#
# An execution that fails says how to replay it: SHUTTLE_REPLAY=steps:17 ci/shuttle.sh NAME_OF_THE_TEST. It stays the
# same as long as neither the engine nor the scenario changes.
set -euo pipefail
cd "$(dirname "$0")/.."

export RUSTFLAGS="--cfg tachometer_shuttle"
export SHUTTLE_TIMES="${SHUTTLE_TIMES:-5}"
export RUST_BACKTRACE=0

# A target directory of its own: the flag would otherwise rebuild everything, here and in the next build. A scenario
# uses two cores by itself.
cargo test --release --locked --package tachometer-shuttle-tests --target-dir "${CARGO_TARGET_DIR:-target}/shuttle" \
    -- --nocapture --test-threads=1 "$@"
