#!/usr/bin/env bash
# Times how responses are read, row by row and one row a person, and writes the table into docs/scale.md. Two minutes
# on two idle cores, after a release build.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh test
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found, even after scripts/setup.sh"
export PG_CONFIG
folder=$(temporary_folder irt-make-reading)
trap 'rm -rf "$folder"' EXIT

say "a release build in a private Postgres $(pg_major "$PG_CONFIG")"
scripts/install.sh --profile release --root "$folder/postgres"
IRT_TEST_BINDIR=$folder/postgres$("$PG_CONFIG" --bindir)
export IRT_TEST_BINDIR

say "reading"
cargo_for_pg bench --profile dev --package irt_calibration --bench reading >"$folder/table"
cargo xtask fill docs/scale.md reading <"$folder/table"
say "the table in docs/scale.md is new"
