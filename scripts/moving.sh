#!/usr/bin/env bash
# Simulates banks whose population moves, items that drift, and new items in adaptive sessions, and
# writes tables and a picture into docs/method.md. Takes some ten minutes on 2 cores.
# MOVING_REPLICATIONS (20), DRIFT_REPLICATIONS (400) and IRT_ADAPTIVE (12) change how much is done.
cd "$(dirname "$0")/.."
source scripts/measuring.sh

begin_measuring moving

say "weeks of a population that moves"
cargo run --release -q -p irt --example moving -- "${MOVING_REPLICATIONS:-20}" docs/moving.svg >"$folder/moving"
cargo xtask fill docs/method.md moving <"$folder/moving"

say "items that drift"
cargo run --release -q -p irt --example drift_rates -- "${DRIFT_REPLICATIONS:-400}" >"$folder/drift"
cargo xtask fill docs/method.md drift <"$folder/drift"

install_privately demo
say "adaptive sessions"
fill_by_bench docs/method.md adaptive adaptive
say "the tables and the picture of docs/method.md are new"
