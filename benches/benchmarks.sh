#!/bin/sh
# Writes BENCHMARKS.md and its pictures. Takes five minutes, in which the machine should do nothing else.
set -eu
cd "$(dirname "$0")/.."

table=$(mktemp)
trap 'rm -f "$table"' EXIT
cargo run --locked --release -p tachometer-benches --bin ratios -- --markdown --plots benches/plots >"$table"
cat "$table" >BENCHMARKS.md
