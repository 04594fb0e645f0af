#!/usr/bin/env bash
# cargo_tool.sh [--is-built] NAME: builds a developer's tool from crates.io, in the version stated here.
#
# Once, into the user's cache: minutes. Prints the folder of its programs. With --is-built it only
# says, by its exit code, whether that was done.
cd "$(dirname "$0")/.."
source scripts/common.sh

only_look=
if [ "${1:-}" = --is-built ]; then
    only_look=yes
    shift
fi
name=${1:?usage: cargo_tool.sh [--is-built] NAME}
features=()
case $name in
    cargo-about) version=0.9.3 features=(--features cli) ;;
    cargo-cyclonedx) version=0.5.9 ;;
    cargo-deny) version=0.20.2 ;;
    pgxn_meta) version=0.7.0 ;;
    *) fail "unknown tool $name" ;;
esac
folder=${XDG_CACHE_HOME:-$HOME/.cache}/irt_calibration/$name-$version

if [ -n "$only_look" ]; then
    [ -x "$folder/bin/$name" ]
    exit
fi
if ! [ -x "$folder/bin/$name" ]; then
    say "building $name $version (once)"
    # Elsewhere: our .cargo/config.toml and target/ are none of its business.
    (cd / && cargo install --quiet --locked "${features[@]}" --root "$folder" "$name@$version") >&2 ||
        fail "$name $version could not be built"
fi
echo "$folder/bin"
