#!/usr/bin/env bash
# Every exposition that the tests of the exporter and its conformance adapter make is read by promtool, by the Python
# client's two parsers, by Prometheus, which scrapes it, by a Pushgateway and by VictoriaMetrics.
#
# Needs python3 with pip. The servers are installed from Debian when they are missing, which needs root. Everything
# listens on loopback, at ports that are free, and is stopped at the end, whatever the end is.
set -euo pipefail
cd "$(dirname "$0")/.."

script=ci/acceptance.sh
directory=$(mktemp -d)
# shellcheck source=ci/common.sh
source ci/common.sh
patience_seconds=30
tools="${CARGO_TARGET_DIR:-$PWD/target}/tools"
made="$directory/expositions"
mkdir "$made"
# Where the scripts find the client, and nothing else is written.
export PYTHONPATH="$tools/python" PYTHONDONTWRITEBYTECODE=1

clean_up_at_the_end

# Starts a server whose log is $1, waits until a line of it matches $2, and sets `address` to what the parentheses hold.
start() {
    local log="$directory/$1.log" pattern=$2
    : >"$log"
    "${@:3}" >"$log" 2>&1 </dev/null &
    pids+=($!)
    address=$(await_line "$log" "$pattern" "$patience_seconds" "$!")
}

read_by() {
    python3 "ci/acceptance/$1.py" "${@:2}" || fail "the check \`$1\` failed"
}

install_prometheus
install_server prometheus-pushgateway prometheus-pushgateway
install_server victoria-metrics victoria-metrics
install_python_client "$tools/python"

section "making expositions"
# The other tests make none, and some take their time.
collecting=(--lib)
for file in exporter-prometheus/tests/*.rs; do
    grep -q '^mod collected;' "$file" || continue
    name=${file##*/}
    collecting+=(--test "${name%.rs}")
done
TACHOMETER_EXPOSITIONS="$made" cargo test --package tachometer-prometheus --locked --quiet "${collecting[@]}"
cargo build --package tachometer-prometheus --locked --example conformance_adapter
python3 ci/conformance/requests.py ci/conformance/{,*_}cases.json >"$directory/requests.jsonl"
"${CARGO_TARGET_DIR:-target}/debug/examples/conformance_adapter" <"$directory/requests.jsonl" >"$directory/answers.jsonl"
python3 ci/acceptance/answers.py "$directory/answers.jsonl" "$made"
for kind in {legacy,utf8}.{text,openmetrics}; do
    printf '%s: %d\n' "$kind" "$(find "$made" -name "*.$kind" | wc -l)"
done

section "parsers"
read_by parsers "$made"
read_by promtool "$made"

section "Prometheus"
start serve 'serving at (.*)' python3 ci/acceptance/serve.py "$made"
read_by scraped configure "$made" "$address" "$directory/prometheus.yml"
start prometheus 'Listening on" address=([0-9.:]+)' prometheus --config.file="$directory/prometheus.yml" \
    --storage.tsdb.path="$directory/data" --web.listen-address=127.0.0.1:0
read_by scraped check "$made" "http://$address"

section "Pushgateway"
start pushgateway 'Listening on" address=([0-9.:]+)' prometheus-pushgateway --web.listen-address=127.0.0.1:0
read_by pushed "$made" "$address"

section "VictoriaMetrics"
# It does not say which port it got.
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
start victoria-metrics 'starting http server at http://([0-9.:]+)/' victoria-metrics \
    -storageDataPath="$directory/victoria-metrics" -httpListenAddr="127.0.0.1:$port"
read_by imported "$made" "$address"

printf '\nacceptance: all read all\n'
