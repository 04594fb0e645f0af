#!/usr/bin/env bash
# scores.sh: what scores in SQL cost, and an adaptive test next to catsim; writes the tables of docs/adaptive.md.
#
# Five minutes on two idle cores, most of it 10 million responses'.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh test
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found, even after scripts/setup.sh"
export PG_CONFIG
folder=$(temporary_folder irt-make-scores)
trap 'rm -rf "$folder"' EXIT

say "catsim, which simulates adaptive tests"
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install -q catsim==0.21.0 || fail "catsim could not be installed from PyPI"

say "a release build in a private Postgres $(pg_major "$PG_CONFIG")"
scripts/install.sh --profile release --root "$folder/postgres"

say "the scores"
IRT_TEST_BINDIR=$folder/postgres$("$PG_CONFIG" --bindir)
IRT_BENCH_PYTHON=$folder/python/bin/python
export IRT_TEST_BINDIR IRT_BENCH_PYTHON
# The profile dev is that of the tests, which is built already: what takes time is the server.
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
    cargo_for_pg bench --profile dev --package irt_calibration --bench scores >"$folder/tables"
cargo xtask fill docs/adaptive.md scores <"$folder/tables"
say "the tables in docs/adaptive.md are new"
