#!/usr/bin/env bash
# axe.sh: fetches axe-core, which looks for what a screen reader stumbles over, for the report's tests.
#
# By npm, in one version, whose checksum is stated here; once, into the user's cache. Prints where it is.
# Without npm it is not fetched, and that test says so.
set -euo pipefail

version=4.14.1
checksum=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5
folder=${XDG_CACHE_HOME:-$HOME/.cache}/irt_calibration/axe-core-$version

if ! [ -s "$folder/axe.min.js" ]; then
    command -v npm >/dev/null || exit 0
    fetched=$(mktemp -d)
    trap 'rm -rf "$fetched"' EXIT
    npm pack "axe-core@$version" --silent --pack-destination "$fetched" >/dev/null
    echo "$checksum  $fetched/axe-core-$version.tgz" | sha512sum --check --quiet >&2
    tar -xzf "$fetched/axe-core-$version.tgz" -C "$fetched" package/axe.min.js
    mkdir -p "$folder"
    mv "$fetched/package/axe.min.js" "$folder/axe.min.js.$$"
    mv "$folder/axe.min.js.$$" "$folder/axe.min.js"
fi
echo "$folder/axe.min.js"
