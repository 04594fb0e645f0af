#!/usr/bin/env bash
# Simulates ordinary weeks of stable banks and writes into docs/method.md how often the checks hold
# a run or warn of it, by scale. Takes some half an hour on 2 cores; IRT_WEEKS (300 in each design) changes
# how much is done.
cd "$(dirname "$0")/.."
source scripts/measuring.sh

begin_measuring weeks
install_privately demo

say "the weeks"
fill_by_bench docs/method.md weeks weeks population
fill_by_bench docs/method.md "weeks linked" weeks linked
say "the tables in docs/method.md are new"
