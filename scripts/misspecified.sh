#!/usr/bin/env bash
# Writes into docs/method.md what a run says of eleven data sets, most of which the model does not
# describe, and how often single items are flagged. Takes two minutes after the build.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh test
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found, even after scripts/setup.sh"
export PG_CONFIG
folder=$(temporary_folder irt-make-misspecified)
trap 'rm -rf "$folder"' EXIT

say "a private Postgres $(pg_major "$PG_CONFIG") with the extension"
scripts/install.sh --profile dev --root "$folder"
IRT_TEST_BINDIR=$folder$("$PG_CONFIG" --bindir)
export IRT_TEST_BINDIR

say "eleven data sets"
cargo_for_pg bench --profile dev --package irt_calibration --bench misspecified >"$folder/table"
cargo xtask fill docs/method.md misspecified <"$folder/table"
say "many data sets"
cargo_for_pg bench --profile dev --package irt_calibration --bench misspecified -- rates >"$folder/rates"
cargo xtask fill docs/method.md "misspecified rates" <"$folder/rates"
say "the tables in docs/method.md are new"
