#!/usr/bin/env bash
# soak.sh [SHARE [TEST…]]: what a run survives, as often as it takes to believe it.
#
# The tests of tests/soak, which `make test` runs a few times, at full volume: an
# hour on two cores. SHARE, by default 1, is the share of the volume; TEST is a
# part of a test's name. IRT_SOAK_SEED draws other moments. Prints the figures.
cd "$(dirname "$0")/.."
source scripts/common.sh

share=${1:-1}
shift || true
scripts/setup.sh test
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found, even after scripts/setup.sh"
export PG_CONFIG
folder=$(temporary_folder irt-make-soak)
trap 'rm -rf "$folder"' EXIT

say "a private Postgres $(pg_major "$PG_CONFIG") with the extension"
scripts/install.sh --profile demo --root "$folder"
IRT_TEST_BINDIR=$folder$("$PG_CONFIG" --bindir)
IRT_SOAK=$share
export IRT_TEST_BINDIR IRT_SOAK

say "$share of the full volume"
# One test at a time: times to stop are measured.
cargo_for_pg test --test soak -- --nocapture --test-threads=1 "$@"
say "make soak passed in $((SECONDS / 60)) min $((SECONDS % 60)) s"
