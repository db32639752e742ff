#!/usr/bin/env bash
# Every test of the workspace, with the command that the README gives. Then, as a program ships, what depends on the
# order of instructions that the compiler makes, or on arithmetic that is checked without optimizations.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo test --workspace
# Spans of `tracing` are a feature that nothing in the workspace turns on.
cargo test --package tachometer --features tracing --test exemplars_tracing
cargo test --release --package tachometer \
    --test signal_first_record --test signal_histogram --test signal_steps --test values
