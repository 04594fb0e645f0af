#!/usr/bin/env bash
# Many more random matrices than `make test` tries, and new ones: PROPTEST_CASES of each property
# (100,000; a tenth of them with groups and anchors), and
# IRT_DESIGNS with reversed items (300), each searched from 50 random starts besides.
set -euo pipefail
cd "$(dirname "$0")/.."
export PROPTEST_CASES="${PROPTEST_CASES:-100000}"
cargo test --release -p irt --test properties
# With groups and anchors each takes some ten times as long.
PROPTEST_CASES=$((PROPTEST_CASES / 10)) cargo test --release -p irt --test group_properties
IRT_DESIGNS="${IRT_DESIGNS:-300}" cargo test --release -p irt --lib none_of_fifty_random_starts
