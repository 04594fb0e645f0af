#!/usr/bin/env bash
# test_all_majors.sh [MAJOR…] [-- ARGUMENT…]: the SQL-level tests on every Postgres, by default 14 to 18.
#
# The installed Postgres is tested as it is. The others come from registries (other_postgres.sh);
# what some of them lack, pg_cron for example, is left out there, and said so. Then pg_upgrade
# takes a history from each to the next that can take it, and 18
# finds the extension in a folder of its own. Arguments are nextest's: `17 -- --test run`.
cd "$(dirname "$0")/.."
source scripts/common.sh

majors=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    majors+=("$1")
    shift
done
[ $# -eq 0 ] || shift
[ ${#majors[@]} -gt 0 ] || majors=(14 15 16 17 18)
for major in "${majors[@]}"; do
    grep -q "^pg$major = " Cargo.toml || fail "there is no feature pg$major"
done

command -v cargo-nextest >/dev/null || fail "cargo-nextest is missing: cargo install --locked cargo-nextest"
scripts/setup.sh test
scripts/setup.sh majors
installed=$(pg_config_path) || fail "no Postgres with headers found, even after scripts/setup.sh"
folder=$(temporary_folder irt-test-all-majors)
trap 'rm -rf "$folder"' EXIT

# build_with_shipped_bindings MAJOR: the extension, where there are no headers: with the bindings
# that pgrx ships for docs.rs, which it made from the headers of that major.
build_with_shipped_bindings() {
    DOCS_RS=1 RUSTC_WRAPPER=$PWD/scripts/rustc_shipped_bindings.sh as_owner cargo build --locked \
        --package irt_calibration --no-default-features --features "pg$1"
}

# prepare MAJOR: the extension in a Postgres of its own; sets PG_CONFIG, and bindir_of[MAJOR].
declare -A bindir_of
prepare() {
    export PG_CONFIG=$installed
    if [ "$(pg_major "$installed")" = "$1" ]; then
        scripts/install.sh --profile dev --root "$folder/$1"
        bindir_of[$1]=$folder/$1$("$PG_CONFIG" --bindir)
        return
    fi
    PG_CONFIG=$(scripts/other_postgres.sh "$1" "$folder/$1")
    if can_build_for "$PG_CONFIG"; then
        scripts/install.sh --profile dev
    else
        say "building for Postgres $1, with the bindings that pgrx ships"
        build_with_shipped_bindings "$1"
        scripts/install.sh --library "$(library_of dev)"
    fi
    bindir_of[$1]=$("$PG_CONFIG" --bindir)
}

# has PART: a program of the Postgres at hand, or an extension.
has() {
    [ -x "$("$PG_CONFIG" --bindir)/$1" ] || [ -f "$("$PG_CONFIG" --sharedir)/extension/$1.control" ]
}

# nextest MAJOR ARGUMENT…: with the programs of MAJOR. The tests themselves are compiled once.
nextest() {
    local major=$1
    shift
    PG_CONFIG=$installed IRT_TEST_BINDIR=${bindir_of[$major]} cargo_for_pg "nextest run" \
        --package irt_calibration --no-fail-fast --status-level=fail --final-status-level=fail "$@"
}

# Whatever fails on one, the others are tested as well.
failed=()
for major in "${majors[@]}"; do
    say "Postgres $major"
    prepare "$major"
    left_out='binary(pg_upgrade)'
    if ! has pg_cron; then
        say "left out on $major, which has no pg_cron: tests cron and sentry"
        left_out="$left_out or binary(cron) or binary(sentry)"
    fi
    has postgres_fdw || say "left out on $major, which has no postgres_fdw: what needs foreign tables"
    nextest "$major" -E "not ($left_out)" "$@" || failed+=("$major")
done

# takes_tables_of OLDER NEWER: can pg_upgrade take any table at all? Some packages lack its programs. And
# a minor release that is older than the other major's does not know the column options (pg_attver)
# that the other's pg_dump writes.
takes_tables_of() {
    [ -x "${bindir_of[$1]}/pg_controldata" ] || return 1
    ! grep -q pg_attver "${bindir_of[$1]}/pg_dump" || grep -q pg_attver "${bindir_of[$2]}/postgres"
}

for ((i = 0; i + 1 < ${#majors[@]}; i++)); do
    older=${majors[i]}
    for newer in "${majors[@]:i+1}" none; do
        [ "$newer" = none ] || takes_tables_of "$older" "$newer" && break
    done
    if [ "$newer" = none ]; then
        say "no pg_upgrade from $older: its package lacks the programs, or the others are minor releases that are too old"
        continue
    fi
    say "pg_upgrade from $older to $newer"
    IRT_TEST_NEWER_BINDIR=${bindir_of[$newer]} nextest "$older" --test pg_upgrade --run-ignored all ||
        failed+=("pg_upgrade from $older to $newer")
done
# Last: it takes the extension out of a Postgres. As the image for CloudNativePG has it (Dockerfile).
for major in "${majors[@]}"; do
    [ "$major" -ge 18 ] || continue
    PG_CONFIG=${bindir_of[$major]}/pg_config
    say "Postgres $major, the extension in a folder of its own"
    mkdir -p "$folder/extension/lib" "$folder/extension/share/extension"
    mv "$("$PG_CONFIG" --pkglibdir)/irt_calibration.so" "$folder/extension/lib/"
    mv "$("$PG_CONFIG" --sharedir)"/extension/irt_calibration{.control,--*.sql} "$folder/extension/share/extension/"
    IRT_TEST_EXTENSION_FOLDER=$folder/extension nextest "$major" --test extension_folder --run-ignored all ||
        failed+=("$major with the extension in a folder of its own")
done
[ ${#failed[@]} -eq 0 ] || fail "failed: $(printf '%s; ' "${failed[@]}")see above"
say "passed on Postgres ${majors[*]} in $((SECONDS / 60)) min $((SECONDS % 60)) s"
