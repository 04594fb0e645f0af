#!/usr/bin/env bash
# schema.sh [--check]: writes the install script from the source, or compares the two.
#
# The settings of a bank are listed where they are declared to be, in sql/ and elsewhere. Then the
# macros' SQL and the hand-written parts of sql/ make sql/irt_calibration--VERSION.sql.
# It is checked in, so that nobody needs pgrx's tools to install the extension.
cd "$(dirname "$0")/.."
source scripts/common.sh

PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found; scripts/setup.sh installs one"
as_owner cargo xtask settings "$@"
cargo_for_pg build --package irt_calibration
as_owner cargo xtask schema "$@" "$(library_of dev)"
