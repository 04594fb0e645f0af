#!/usr/bin/env bash
# Many more random matrices than `make test` tries: PROPTEST_CASES of each property (100,000).
set -euo pipefail
cd "$(dirname "$0")/.."
PROPTEST_CASES="${PROPTEST_CASES:-100000}" cargo test --release -p irt --test properties
