#!/bin/sh
# Shows that every bench and every row of the table runs. Measures nothing: a machine that builds is no place for that.
set -eu
cd "$(dirname "$0")/.."

# In criterion's test mode each bench runs once.
cargo bench --locked -p tachometer-benches -- --test

table=$(cargo run --locked --release -p tachometer-benches --bin ratios -- --quick --rounds 3)
printf '%s\n' "$table"

# Every row has a verdict, and there are rows.
printf '%s\n' "$table" | awk -F '\t' '
    NR > 1 && !/^#/ { rows++; if ($6 != "ok" && $6 != "short") bad = bad "\n" $0 }
    END {
        if (rows == 0) { print "bench.sh: ratios printed no rows" > "/dev/stderr"; exit 1 }
        if (bad != "") { print "bench.sh: rows without a verdict:" bad > "/dev/stderr"; exit 1 }
    }'
