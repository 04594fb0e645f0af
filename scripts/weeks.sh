#!/usr/bin/env bash
# Simulates ordinary weeks of stable banks and writes into docs/method.md how often the checks hold
# a run or warn of it, by scale. Takes some half an hour on 2 cores; IRT_WEEKS (300 in each design) changes
# how much is done.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh test
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found, even after scripts/setup.sh"
export PG_CONFIG
folder=$(temporary_folder irt-make-weeks)
trap 'rm -rf "$folder"' EXIT

say "a private Postgres $(pg_major "$PG_CONFIG") with the extension"
scripts/install.sh --profile demo --root "$folder"
IRT_TEST_BINDIR=$folder$("$PG_CONFIG" --bindir)
export IRT_TEST_BINDIR

say "the weeks"
# The profile dev is that of the tests, which is built already: what takes time is the server.
cargo_for_pg bench --profile dev --package irt_calibration --bench weeks -- population >"$folder/table"
cargo xtask fill docs/method.md weeks <"$folder/table"
cargo_for_pg bench --profile dev --package irt_calibration --bench weeks -- linked >"$folder/table"
cargo xtask fill docs/method.md "weeks linked" <"$folder/table"
say "the tables in docs/method.md are new"
