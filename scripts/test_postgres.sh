#!/usr/bin/env bash
# test_postgres.sh: a private Postgres with this checkout's extension, kept for the next time.
#
# Prints the folder of its programs. tests/common calls it when IRT_TEST_BINDIR is not set.
cd "$(dirname "$0")/.."
source scripts/common.sh

root=${IRT_TEST_ROOT:-${TMPDIR:-/tmp}/irt-test-postgres-$(id -u)-$(pwd | cksum | cut -d' ' -f1)}
mkdir -p "$root"
[ -O "$root" ] || fail "$root belongs to somebody else"
exec 9>"$root/lock"
flock 9
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found; scripts/setup.sh installs one"
export PG_CONFIG
scripts/install.sh --profile dev --root "$root" 1>&2 9>&-
echo "$root$("$PG_CONFIG" --bindir)"
