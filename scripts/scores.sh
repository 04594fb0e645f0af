#!/usr/bin/env bash
# scores.sh: what scores in SQL cost, and an adaptive test next to catsim; writes the tables of docs/adaptive.md.
#
# Five minutes on two idle cores, most of it 10 million responses'.
cd "$(dirname "$0")/.."
source scripts/measuring.sh

begin_measuring scores

say "catsim, which simulates adaptive tests"
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install -q catsim==0.21.0 || fail "catsim could not be installed from PyPI"

install_privately release

say "the scores"
IRT_BENCH_PYTHON=$folder/python/bin/python
export IRT_BENCH_PYTHON
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 fill_by_bench docs/adaptive.md scores scores
say "the tables in docs/adaptive.md are new"
