#!/usr/bin/env bash
# Sourced by the scripts that time or simulate something in a private Postgres and write it into docs.
source scripts/common.sh

# begin_measuring NAME: installs what tests use; sets PG_CONFIG, and folder, which goes away at the end.
begin_measuring() {
    scripts/setup.sh test
    PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found, even after scripts/setup.sh"
    export PG_CONFIG
    folder=$(temporary_folder "irt-make-$1")
    trap 'rm -rf "$folder"' EXIT
}

# install_privately PROFILE: the extension in a private Postgres, which IRT_TEST_BINDIR names.
install_privately() {
    say "the extension, built with profile $1, in a private Postgres $(pg_major "$PG_CONFIG")"
    scripts/install.sh --profile "$1" --root "$folder/postgres"
    IRT_TEST_BINDIR=$folder/postgres$("$PG_CONFIG" --bindir)
    export IRT_TEST_BINDIR
}

# run_bench BENCH ARGUMENT…: one of benches/. The profile dev is that of the tests, which is built
# already: what takes time are the server and programs of their own.
run_bench() {
    local bench=$1
    shift
    cargo_for_pg bench --profile dev --package irt_calibration --bench "$bench" -- "$@"
}

# fill_by_bench DOCUMENT TABLE BENCH ARGUMENT…: what the bench prints becomes that table of the document.
fill_by_bench() {
    local document=$1 table=$2
    shift 2
    run_bench "$@" >"$folder/table"
    cargo xtask fill "$document" "$table" <"$folder/table"
}
