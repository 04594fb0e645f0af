#!/usr/bin/env bash
# rustc_without_folders.sh RUSTC ARGUMENT…: the compiler, but no folder of this machine gets into what it makes.
#
# For cargo's RUSTC_WRAPPER, and not in RUSTFLAGS: these would be part of the names that cargo gives,
# and so part of what is made.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd -P)
exec "$@" --remap-path-prefix="${CARGO_TARGET_DIR:-$here/target}=/irt_calibration/target" \
    --remap-path-prefix="$here=/irt_calibration" --remap-path-prefix="${CARGO_HOME:-$HOME/.cargo}=/cargo"
