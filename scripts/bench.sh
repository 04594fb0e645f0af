#!/usr/bin/env bash
# bench.sh: whole jobs next to what they replace, and next to a scan of the table; writes docs/performance.md.
#
# R's mirt is timed too where `Rscript -e 'library(mirt)'` works, and the page says so where it does not.
# Ratios within one run. Ten minutes on two idle cores, half of it girth's;
# FULL=1 adds 100 million responses: 20 GB of disk and another ten minutes.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh test
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found, even after scripts/setup.sh"
export PG_CONFIG
folder=$(temporary_folder irt-make-bench)
trap 'rm -rf "$folder"' EXIT

say "girth, which does this job today"
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install -q girth==0.8.0 setuptools ||
    fail "girth could not be installed from PyPI"

say "a release build in a private Postgres $(pg_major "$PG_CONFIG")"
scripts/install.sh --profile release --root "$folder/postgres"
as_owner cargo build --locked --release --package irt --example job --example cost

say "the jobs"
IRT_TEST_BINDIR=$folder/postgres$("$PG_CONFIG" --bindir)
IRT_BENCH_EXAMPLES=$(realpath "${CARGO_TARGET_DIR:-target}")/release/examples
IRT_BENCH_PYTHON=$folder/python/bin/python
export IRT_TEST_BINDIR IRT_BENCH_EXAMPLES IRT_BENCH_PYTHON
# The profile dev is that of the tests, which is built already: what is timed are programs of their own.
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 cargo_for_pg bench --profile dev --package irt_calibration --bench jobs
say "docs/performance.md is new"
