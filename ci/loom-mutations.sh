#!/usr/bin/env bash
# Breaks the engine's concurrency in one place at a time and expects a model to fail for it.
#
#     ci/loom-mutations.sh            every mutation
#     ci/loom-mutations.sh --third    every third, from another one on for each commit
#     ci/loom-mutations.sh TEXT       those whose name contains TEXT
#     ci/loom-mutations.sh --list     their names
#
# ci/loom_mutations.py says how; ci/loom-mutations.txt has the mutations that are written by hand, and says which models
# should catch what. Needs cargo and python3. Works on copies of the sources below the target directory.
set -euo pipefail
cd "$(dirname "$0")/.."

exec python3 ci/loom_mutations.py "$@"
