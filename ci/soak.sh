#!/usr/bin/env bash
# The pipeline for ten minutes, scraped a hundred times a second, its producers' threads replaced ten times a second.
# At the end its counts agree, and its memory and descriptors are what they were after the first minute.
#
#     ci/soak.sh          ten minutes
#     ci/soak.sh 120      two minutes
#
# Too long for `.ci/run`. Python's libraries are installed from Debian when they are missing, which needs root.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-600}
patience_seconds=60
script=ci/soak.sh
directory=$(mktemp -d)
# shellcheck source=ci/common.sh
source ci/common.sh
pipeline_pid=

clean_up() {
    stop "$pipeline_pid"
    rm -rf "$directory"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Debian's own python3 finds what Debian installs; another one may come first in the path.
python=/usr/bin/python3
if ! "$python" -c 'import prometheus_client, psutil' 2>/dev/null; then
    install_packages python3 python3-prometheus-client python3-psutil
fi

echo "== building the pipeline"
cargo build --release --locked --package tachometer-pipeline
pipeline=${CARGO_TARGET_DIR:-target}/release/pipeline

echo "== starting the pipeline for $seconds s"
"$pipeline" --input . --for "${seconds}s" --threads 4 --shift 100ms --listen 127.0.0.1:0 --serve \
    >"$directory/pipeline.log" 2>&1 </dev/null &
pipeline_pid=$!
metrics=$(await_line "$directory/pipeline.log" '(http://127\.0\.0\.1:[0-9]+)/metrics' "$patience_seconds" "$pipeline_pid")
"$python" ci/soak_check.py "$metrics/metrics" "$pipeline_pid" "$seconds" || fail "the check of the soak failed"

echo "== comparing what the pipeline says with what it exposes"
records=$(await_line "$directory/pipeline.log" 'counts agree: ([0-9,]+) records sent' "$patience_seconds" "$pipeline_pid")
cat "$directory/pipeline.log"
for name in producer_records_sent_total consumer_records_received_total; do
    "$python" ci/integration_check.py total "$metrics" "pipeline_$name" "${records//,/}" || fail "the counts differ"
done

echo "== ending the pipeline"
interrupt "$pipeline_pid" "$patience_seconds"
pipeline_pid=
echo "soak: all checks passed"
