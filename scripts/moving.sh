#!/usr/bin/env bash
# Simulates banks whose population moves, items that drift, and new items in adaptive sessions, and
# writes tables and a picture into docs/method.md. Takes some ten minutes on 2 cores.
# MOVING_REPLICATIONS (20), DRIFT_REPLICATIONS (400) and IRT_ADAPTIVE (12) change how much is done.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh test
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found, even after scripts/setup.sh"
export PG_CONFIG
folder=$(temporary_folder irt-make-moving)
trap 'rm -rf "$folder"' EXIT

say "weeks of a population that moves"
cargo run --release -q -p irt --example moving -- "${MOVING_REPLICATIONS:-20}" docs/moving.svg >"$folder/moving"
cargo xtask fill docs/method.md moving <"$folder/moving"

say "items that drift"
cargo run --release -q -p irt --example drift_rates -- "${DRIFT_REPLICATIONS:-400}" >"$folder/drift"
cargo xtask fill docs/method.md drift <"$folder/drift"

say "adaptive sessions, with the extension in a private Postgres $(pg_major "$PG_CONFIG")"
scripts/install.sh --profile demo --root "$folder"
IRT_TEST_BINDIR=$folder$("$PG_CONFIG" --bindir)
export IRT_TEST_BINDIR
# The profile dev is that of the tests, which is built already.
cargo_for_pg bench --profile dev --package irt_calibration --bench adaptive >"$folder/adaptive"
cargo xtask fill docs/method.md adaptive <"$folder/adaptive"
say "the tables and the picture of docs/method.md are new"
