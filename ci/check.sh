#!/usr/bin/env bash
# Formatting, lints, documentation, the scripts themselves, and limits on sizes and dependencies. Changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

# The crates that the engine may pull into a program, itself included. Those of its derives (the macros, heck,
# proc-macro2, quote, syn, unicode-ident) are among them, though they run in the compiler only.
MAX_ENGINE_CRATES=28
# A longer file asks to be two.
MAX_FILE_LINES=400

script=ci/check.sh
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
# shellcheck source=ci/common.sh
source ci/common.sh

section "formatting"
cargo fmt --all --check

section "lints"
# `incompatible_msrv` finds what is newer than the `rust-version` of Cargo.toml; CI has one toolchain, and it is newer.
# `too_many_lines` asks for two functions where one has more lines than `clippy.toml` says.
cargo clippy --workspace --all-targets --locked -- -D warnings -D clippy::incompatible_msrv -D clippy::too_many_lines

for model in loom shuttle; do
    section "lints of the code under $model"
    # In a target directory of its own: other flags would otherwise rebuild everything, here and in the next step.
    RUSTFLAGS="--cfg tachometer_$model" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/$model" \
        cargo clippy --package "tachometer-$model-tests" --all-targets --locked -- -D warnings
done

section "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

section "dependencies"
# A dependency that needs a newer Rust than the workspace promises would break the promise unseen.
cargo metadata --locked --format-version 1 | python3 -c '
import json, sys

def version(text):
    return [int(part) for part in text.split(".")[:2]]

packages = json.load(sys.stdin)["packages"]
promised = next(p["rust_version"] for p in packages if p["name"] == "tachometer")
newer = [
    "{name} {version} needs Rust {rust_version}".format(**p)
    for p in packages
    if p["rust_version"] and version(p["rust_version"]) > version(promised)
]
if newer:
    sys.exit("the workspace promises Rust {}, but: {}".format(promised, "; ".join(newer)))
print("{} packages, none of them newer than Rust {}".format(len(packages), promised))
'
crates=$(cargo tree --package tachometer --edges normal --prefix none --locked | sed 's/ (\*)$//' | sort -u | wc -l)
((crates <= MAX_ENGINE_CRATES)) || fail "the engine brings $crates crates along; at most $MAX_ENGINE_CRATES are allowed"
printf 'the engine brings %s crates along, of %s allowed\n' "$crates" "$MAX_ENGINE_CRATES"

section "sizes"
long=$(find . -path ./target -prune -o -name '*.rs' -exec awk -v max="$MAX_FILE_LINES" \
    'END { if (NR > max) print FILENAME ": " NR " lines" }' {} \;)
[[ -z "$long" ]] || fail "at most $MAX_FILE_LINES lines a file, but: $long"
echo "no file is longer than $MAX_FILE_LINES lines"

section "text that is checked"
# Rust promises that a `&str` is UTF-8. Nothing here makes one of bytes that nobody has looked at.
unchecked=$(grep -rn --include='*.rs' --exclude-dir=target 'from_utf8_unchecked' . || true)
[[ -z "$unchecked" ]] || fail "text is made without a check: $unchecked"
echo "no text is made without a check"

section "names of tests"
# DESIGN.md says which tests show each promise. A test or a file that gets another name takes it there.
python3 - <<'END'
import pathlib, re, sys

design = pathlib.Path("DESIGN.md").read_text()
promises = design[design.index("## Promises"):design.index("## Decisions")]
named = set(re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+){3,})`", promises))
files = set(re.findall(r"`([a-z0-9_/.-]+\.(?:rs|sh|py))`", promises))
paths = [path for path in pathlib.Path(".").rglob("*.*") if "target" not in path.parts]
sources = [path.read_text() for path in paths if path.suffix == ".rs"]
tests = {name for source in sources for name in re.findall(r"fn (\w+)\(\)", source)}
gone = sorted(named - tests)
gone += sorted(file for file in files if not any(f"/{path}".endswith(f"/{file}") for path in paths))
if gone:
    sys.exit("DESIGN.md names tests that do not exist: " + ", ".join(gone))
print(f"{len(named)} tests and {len(files)} files are named as they are called")
END

section "scripts"
scripts=(.ci/run ci/*.sh)
for each in "${scripts[@]}"; do
    bash -n "$each"
done
if command -v shellcheck >/dev/null; then
    shellcheck "${scripts[@]}"
else
    echo "shellcheck is not installed; only the syntax was checked"
fi
