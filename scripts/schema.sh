#!/usr/bin/env bash
# schema.sh [--check]: writes the install script from the source, or compares the two.
#
# The macros' SQL and the hand-written parts of sql/ make sql/irt_calibration--VERSION.sql.
# It is checked in, so that nobody needs pgrx's tools to install the extension.
cd "$(dirname "$0")/.."
source scripts/common.sh

PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found; scripts/setup.sh installs one"
version=$(sed -nE "s/^default_version *= *'(.*)'/\1/p" irt_calibration.control)
script=sql/irt_calibration--$version.sql
generated=$(mktemp)
trap 'rm -f "$generated"' EXIT

cargo_for_pg build --package irt_calibration
as_owner cargo run --quiet --locked --package install_script -- "$(library_of dev)" irt_calibration.control >"$generated"

if [ "${1:-}" = --check ]; then
    diff -u "$script" "$generated" >&2 || fail "$script is not what the source says: run make schema"
    say "$script is what the source says"
else
    install -m 644 "$generated" "$script"
    say "wrote $script"
fi
