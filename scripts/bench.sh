#!/usr/bin/env bash
# bench.sh: whole jobs next to what they replace, and next to a scan of the table; writes docs/performance.md.
#
# R's mirt is timed too where `Rscript -e 'library(mirt)'` works, and the page says so where it does not.
# Ratios within one run. Ten minutes on two idle cores, half of it girth's;
# FULL=1 adds 100 million responses: 20 GB of disk and another ten minutes.
# PART=scans or PART=mirt times that section alone, without girth, and puts it into the page that is there.
cd "$(dirname "$0")/.."
source scripts/measuring.sh

begin_measuring bench

part=${PART:-}
case $part in
    '')
        say "girth, which does this job today"
        python3 -m venv "$folder/python"
        "$folder/python/bin/pip" install -q girth==0.8.0 setuptools ||
            fail "girth could not be installed from PyPI"
        ;;
    scans | mirt) ;;
    *) fail "PART=$part is no part of the bench: leave it out, or say PART=scans or PART=mirt" ;;
esac

install_privately release
as_owner cargo build --locked --release --package irt --example job --example cost

say "the jobs"
IRT_BENCH_EXAMPLES=$(realpath "${CARGO_TARGET_DIR:-target}")/release/examples
IRT_BENCH_PYTHON=$folder/python/bin/python
IRT_BENCH_PART=$part
export IRT_BENCH_EXAMPLES IRT_BENCH_PYTHON IRT_BENCH_PART
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 run_bench jobs | tee "$folder/page"
if [ -n "$part" ]; then
    cargo xtask fill docs/performance.md "$part" <"$folder/page"
fi
say "docs/performance.md is new"
