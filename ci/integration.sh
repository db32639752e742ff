#!/usr/bin/env bash
# A real Prometheus scrapes the pipeline while it works: what it stores must be what the pipeline says it did, exactly.
#
# Needs python3. Prometheus is installed from Debian when it is missing, which needs root. Everything listens on
# loopback, at ports that are free, and is stopped at the end, whatever the end is.
set -euo pipefail
cd "$(dirname "$0")/.."

work_seconds=20
# How long after its work the pipeline may take to end, and any program to start.
patience_seconds=60
script=ci/integration.sh
directory=$(mktemp -d)
# shellcheck source=ci/common.sh
source ci/common.sh
pipeline_pid=
prometheus_pid=

clean_up() {
    stop "$prometheus_pid"
    stop "$pipeline_pid"
    rm -rf "$directory"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

check() {
    python3 ci/integration_check.py "$@" || fail "the check \`$1\` failed"
}

install_prometheus

echo "== building the pipeline"
cargo build --release --locked --package tachometer-pipeline
pipeline=${CARGO_TARGET_DIR:-target}/release/pipeline

echo "== starting the pipeline for $work_seconds s, and Prometheus"
"$pipeline" --input . --for "${work_seconds}s" --listen 127.0.0.1:0 --serve >"$directory/pipeline.log" 2>&1 </dev/null &
pipeline_pid=$!
metrics=$(await_line "$directory/pipeline.log" '(http://127\.0\.0\.1:[0-9]+)/metrics' "$patience_seconds" "$pipeline_pid")
cat >"$directory/prometheus.yml" <<END
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: pipeline
    static_configs:
      - targets: ["${metrics#http://}"]
END
prometheus --config.file="$directory/prometheus.yml" --storage.tsdb.path="$directory/data" \
    --web.listen-address=127.0.0.1:0 >"$directory/prometheus.log" 2>&1 </dev/null &
prometheus_pid=$!
prometheus=http://$(await_line "$directory/prometheus.log" 'Listening on" address=([0-9.:]+)' "$patience_seconds" "$prometheus_pid")
check wait "$prometheus/-/ready"
check up "$prometheus"

echo "== waiting for the pipeline to end its work"
records=$(await_line "$directory/pipeline.log" 'counts agree: ([0-9,]+) records sent' \
    "$((work_seconds + patience_seconds))" "$pipeline_pid")
records=${records//,/}
cat "$directory/pipeline.log"

echo "== comparing what Prometheus stores with what the pipeline says"
check total "$metrics" pipeline_producer_records_sent_total "$records"
check total "$metrics" pipeline_consumer_records_received_total "$records"
check scraped "$prometheus" "$metrics"
check queried "$prometheus" 'sum(pipeline_producer_records_sent_total)' "$records"
check queried "$prometheus" 'sum(pipeline_consumer_records_received_total)' "$records"
check queried "$prometheus" 'sum(pipeline_producer_batch_size_sum)' "$records"
check history "$prometheus"

echo "== checking the exposition with promtool"
check fetch "$metrics/metrics" >"$directory/metrics.txt"
# It exits with 3 when it has complaints, and with another number when it cannot read the exposition.
status=0
promtool check metrics <"$directory/metrics.txt" >"$directory/promtool.out" 2>&1 || status=$?
((status == 0 || status == 3)) || fail "promtool cannot read the exposition: $(<"$directory/promtool.out")"
check lint "$directory/promtool.out" ci/promtool-exceptions.txt

echo "== ending the pipeline"
interrupt "$pipeline_pid" "$patience_seconds"
pipeline_pid=
echo "integration: all checks passed"
