#!/usr/bin/env bash
# Every test of the workspace, with the command that the README gives.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo test --workspace
