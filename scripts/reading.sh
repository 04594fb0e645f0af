#!/usr/bin/env bash
# Times how responses are read, row by row and one row a person, and writes the table into docs/scale.md. Two minutes
# on two idle cores, after a release build.
cd "$(dirname "$0")/.."
source scripts/measuring.sh

begin_measuring reading
install_privately release

say "reading"
fill_by_bench docs/scale.md reading reading
say "the table in docs/scale.md is new"
