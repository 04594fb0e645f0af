#!/usr/bin/env bash
# uninstall.sh: takes what install.sh put there out of the Postgres of PG_CONFIG.
#
# Databases that have the extension can neither call it nor drop it then: DROP EXTENSION first.
cd "$(dirname "$0")/.."
source scripts/common.sh

PG_CONFIG=$(pg_config_path) || fail "no Postgres found: say make uninstall PG_CONFIG=/path/to/pg_config"
extensiondir=$("$PG_CONFIG" --sharedir)/extension
elevate=
[ -w "$extensiondir" ] || elevate=sudo
$elevate rm -f "$("$PG_CONFIG" --pkglibdir)/irt_calibration.so" \
    "$extensiondir/irt_calibration.control" "$extensiondir"/irt_calibration--*.sql
say "irt_calibration is gone from Postgres $(pg_major "$PG_CONFIG")"
