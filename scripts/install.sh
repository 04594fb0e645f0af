#!/usr/bin/env bash
# install.sh [--profile PROFILE | --library FILE] [--root ROOT | --stage ROOT | --build]: builds the extension
# and installs it.
#
# Plain cargo: no cargo-pgrx. Into the Postgres of PG_CONFIG; with --root into a
# private copy of it (private_postgres.sh); with --stage to the same paths below
# ROOT, for a package or an image. FILE is a library that is built already; with
# --build nothing is installed. Each file is put in place by a
# rename, so servers that have the old library loaded go on with the old one.
cd "$(dirname "$0")/.."
source scripts/common.sh

profile=release
library=
root=
staged=
only_build=
while [ $# -gt 0 ]; do
    case $1 in
        --profile) profile=${2:?--profile needs a name}; shift 2 ;;
        --library) library=${2:?--library needs a file}; shift 2 ;;
        --root) root=${2:?--root needs a folder}; shift 2 ;;
        --stage) root=${2:?--stage needs a folder}; staged=yes; shift 2 ;;
        --build) only_build=yes; shift ;;
        *) fail "unknown argument $1" ;;
    esac
done

PG_CONFIG=$(pg_config_path) ||
    fail "no Postgres with headers found: run scripts/setup.sh, or say make install PG_CONFIG=/path/to/pg_config"
[ -n "$library" ] || can_build_for "$PG_CONFIG" || fail "$PG_CONFIG has no server headers: install postgresql-server-dev-$(pg_major "$PG_CONFIG")"

# put MODE FILE FOLDER/NAME: atomically, and only what changed.
put() {
    cmp -s "$2" "$3" && ! [ -L "$3" ] && return
    $elevate install -m "$1" "$2" "$3.new.$$"
    $elevate mv -f "$3.new.$$" "$3"
}

# Each major has bindings, and a feature, of its own.
grep -q "^pg$(pg_major "$PG_CONFIG") = " Cargo.toml ||
    fail "$PG_CONFIG is Postgres $(pg_major "$PG_CONFIG"): what works is$(sed -nE 's/^pg([0-9]+) = .*/ \1/p' Cargo.toml | tr -d '\n')"

if [ -z "$library" ]; then
    cargo_for_pg build --package irt_calibration --profile "$profile"
    library=$(library_of "$profile")
fi
[ -z "$only_build" ] || exit 0

pkglibdir=$root$("$PG_CONFIG" --pkglibdir)
extensiondir=$root$("$PG_CONFIG" --sharedir)/extension
if [ -n "$staged" ]; then
    mkdir -p "$pkglibdir" "$extensiondir"
elif [ -n "$root" ]; then
    scripts/private_postgres.sh "$root" >/dev/null
fi
elevate=
if ! [ -w "$pkglibdir" ] || ! [ -w "$extensiondir" ]; then
    command -v sudo >/dev/null || fail "$pkglibdir is not yours to write, and there is no sudo: run make install as root"
    elevate=sudo
fi

put 755 "$library" "$pkglibdir/irt_calibration.so"
put 644 irt_calibration.control "$extensiondir/irt_calibration.control"
for script in sql/irt_calibration--*.sql; do
    put 644 "$script" "$extensiondir/${script##*/}"
done
say "irt_calibration is installed for Postgres $(pg_major "$PG_CONFIG") in $pkglibdir and $extensiondir"
