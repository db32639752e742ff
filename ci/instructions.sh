#!/usr/bin/env bash
# Counts the instructions of the data plane under callgrind. Fails when a record takes 5 % more than its bench says.
#
# Installs valgrind from Debian when it is missing, which needs root, and the bench's runner below the target directory.
set -euo pipefail
cd "$(dirname "$0")/.."

tools="${CARGO_TARGET_DIR:-$PWD/target}/tools"
script=ci/instructions.sh
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
# shellcheck source=ci/common.sh
source ci/common.sh
# The runner must have the version of the library.
version=$(cargo metadata --locked --all-features --format-version 1 | python3 -c '
import json, sys
print(next(p["version"] for p in json.load(sys.stdin)["packages"] if p["name"] == "gungraun"))
')

command -v valgrind >/dev/null || install_packages valgrind libc6-dbg
if [[ "$("$tools/bin/gungraun-runner" --version 2>/dev/null)" != *" $version" ]]; then
    cargo install --quiet --locked --root "$tools" --version "$version" gungraun-runner
fi

PATH="$tools/bin:$PATH" cargo bench --locked --package tachometer-benches --features instructions --bench instructions
