#!/usr/bin/env bash
# rustc_shipped_bindings.sh RUSTC ARGUMENT…: the compiler, but pgrx takes the bindings that it ships.
#
# For cargo's RUSTC_WRAPPER: code can be checked for a Postgres that is not there, whose headers
# pgrx would otherwise read. The bindings are those that docs.rs is built with.
set -euo pipefail

case " $* " in
    *" --crate-name pgrx_pg_sys "*) exec "$@" --cfg docsrs ;;
    *) exec "$@" ;;
esac
