#!/usr/bin/env bash
# Measures the coverage of the 95 % intervals and writes the table into docs/method.md.
# Takes the better part of an hour on 2 cores. COVERAGE_REPLICATIONS and
# COVERAGE_BOOTSTRAP change how much is done (500 and 100).
set -euo pipefail
cd "$(dirname "$0")/.."

table=$(mktemp)
trap 'rm -f "$table"' EXIT
cargo run --release -q -p irt --example coverage -- \
    "${COVERAGE_REPLICATIONS:-500}" "${COVERAGE_BOOTSTRAP:-100}" | tee "$table"

cargo xtask fill docs/method.md coverage <"$table"
