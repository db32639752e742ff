#!/usr/bin/env bash
# The conformance kit: what the adapter answers to each case, and what the endpoint does with each request, is what
# `ci/conformance/README.md` says it must be. So are the cases that the kit does not have, in files beside it.
#
# Needs python3. The endpoint listens on loopback, at a port that is free, and is stopped at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

script=ci/conformance.sh
directory=$(mktemp -d)
# shellcheck source=ci/common.sh
source ci/common.sh
kit=ci/conformance
release="${CARGO_TARGET_DIR:-target}/release"
patience_seconds=30
endpoint_pid=

clean_up() {
    stop "$endpoint_pid"
    rm -rf "$directory"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Has the adapter answer the cases of $1, and puts what it says in $2.
ask() {
    python3 "$kit/requests.py" "$1" >"$directory/requests.jsonl"
    "$release/examples/conformance_adapter" <"$directory/requests.jsonl" >"$2"
}

# Compares the answers in $2 with the cases in $1. None may fail, and none may be missing.
compare() {
    local verdict
    verdict=$(python3 "$kit/check.py" "$1" "$2") || fail "$1: $verdict"
    printf '%s: %s\n' "${1##*/}" "$verdict"
    [[ "$verdict" == *" fail 0 skipped 0 of "* ]] || fail "$1: cases were skipped"
}

section "building"
cargo build --release --locked --package tachometer-prometheus --example conformance_adapter --example serve

section "cases"
for more in "$kit"/*_cases.json; do
    ask "$more" "$directory/more.jsonl"
    compare "$more" "$directory/more.jsonl"
done
ask "$kit/cases.json" "$directory/answers.jsonl"

"$release/examples/serve" 127.0.0.1:0 >"$directory/endpoint.log" 2>&1 </dev/null &
endpoint_pid=$!
address=$(await_line "$directory/endpoint.log" 'http://([0-9.]+:[0-9]+)/metrics' "$patience_seconds" "$endpoint_pid")
python3 "$kit/http_cases.py" "$kit/cases.json" "${address%:*}" "${address#*:}" >>"$directory/answers.jsonl"
compare "$kit/cases.json" "$directory/answers.jsonl"
