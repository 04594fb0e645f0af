#!/usr/bin/env bash
# test.sh: everything that must hold before a change is merged.
#
# Lints; the tests of the crates that need no Postgres; the install script
# against the source; the SQL-level tests, on throw-away servers of a private Postgres.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh test
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found, even after scripts/setup.sh"
export PG_CONFIG
folder=$(temporary_folder irt-make-test)
trap 'rm -rf "$folder"' EXIT

scripts/lint.sh

say "the install script"
scripts/schema.sh --check

say "a private Postgres $(pg_major "$PG_CONFIG") with the extension"
scripts/install.sh --profile dev --root "$folder"
IRT_TEST_BINDIR=$folder$("$PG_CONFIG" --bindir)
export IRT_TEST_BINDIR

# Two runs: were the packages tested together, cargo would unite the features of
# their dependencies, and build pgrx a second time.
if command -v cargo-nextest >/dev/null; then
    quietly=(--no-fail-fast --status-level=slow --final-status-level=fail)
    say "the tests that need no Postgres"
    as_owner cargo nextest run --locked --package html_report --package irt --package xtask "${quietly[@]}"
    as_owner cargo test --locked --package irt --doc
    say "the SQL-level tests"
    cargo_for_pg "nextest run" --package irt_calibration "${quietly[@]}"
else
    say "the tests that need no Postgres"
    as_owner cargo test --locked --package html_report --package irt --package xtask --no-fail-fast
    say "the SQL-level tests"
    cargo_for_pg test --package irt_calibration --no-fail-fast
fi
say "make test passed in $((SECONDS / 60)) min $((SECONDS % 60)) s"
