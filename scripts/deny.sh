#!/usr/bin/env bash
# deny.sh [--if-built]: licenses, banned crates and sources of what we depend on, by cargo-deny and deny.toml.
#
# Builds cargo-deny the first time, which takes minutes; with --if-built nothing is done without it.
# Not its advisories: they are in a database of their own, which not every network reaches.
cd "$(dirname "$0")/.."
source scripts/common.sh

if [ "${1:-}" = --if-built ] && ! scripts/cargo_tool.sh --is-built cargo-deny; then
    say "not looked at: licenses of dependencies; make deny builds what does"
    exit 0
fi
deny=$(scripts/cargo_tool.sh cargo-deny)
say "licenses, bans and sources of dependencies"
as_owner "$deny/cargo-deny" --offline --locked --log-level warn check --hide-inclusion-graph licenses bans sources
