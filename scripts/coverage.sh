#!/usr/bin/env bash
# Measures the coverage of the 95 % intervals and writes the table into docs/method.md.
# Takes some ten minutes on 2 cores. COVERAGE_REPLICATIONS (2,000 simulated tests),
# COVERAGE_BOOTSTRAPPED (the first 200 of them with the bootstrap as well) and
# COVERAGE_BOOTSTRAP (200 replicates in each) change how much is done.
set -euo pipefail
cd "$(dirname "$0")/.."

table=$(mktemp)
trap 'rm -f "$table"' EXIT
cargo run --release -q -p irt --example coverage -- \
    "${COVERAGE_REPLICATIONS:-2000}" "${COVERAGE_BOOTSTRAPPED:-200}" "${COVERAGE_BOOTSTRAP:-200}" | tee "$table"

cargo xtask fill docs/method.md coverage <"$table"
