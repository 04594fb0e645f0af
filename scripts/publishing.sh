#!/usr/bin/env bash
# Times what it costs to put parameters in force, and writes the table into docs/scale.md. Two minutes
# on two idle cores, after a release build.
cd "$(dirname "$0")/.."
source scripts/measuring.sh

begin_measuring publishing
install_privately release

say "publishing"
fill_by_bench docs/scale.md publishing publishing
say "the table in docs/scale.md is new"
