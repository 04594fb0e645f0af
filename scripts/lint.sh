#!/usr/bin/env bash
# lint.sh: format, clippy, circles of imports; shellcheck where it is installed, cargo-deny where it was built.
cd "$(dirname "$0")/.."
source scripts/common.sh

PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found; scripts/setup.sh installs one"

say "format"
cargo fmt --all --check
say "clippy"
# Apart, as in test.sh: together they would need pgrx built once more.
as_owner cargo clippy --locked --package html_report --package irt --package xtask --all-targets -- -D warnings
cargo_for_pg clippy --package irt_calibration --all-targets -- -D warnings
say "circles of imports"
as_owner cargo xtask circles
scripts/deny.sh --if-built
if command -v shellcheck >/dev/null; then
    say "shellcheck"
    shopt -s nullglob
    shellcheck --external-sources scripts/*.sh .ci/run bin/* deploy/image/*.sh deploy/image/irt_healthcheck \
        tests/image/*.sh tests/image/gosu tests/package/*.sh
fi
