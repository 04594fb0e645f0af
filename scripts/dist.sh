#!/usr/bin/env bash
# dist.sh: the archive for PGXN, target/irt_calibration-VERSION.zip, of the last commit. Prints its name.
#
# PGXN's own checker, pgxn_meta of crates.io, reads the META.json that is in it.
cd "$(dirname "$0")/.."
source scripts/common.sh

[ -e .git ] || fail "an archive is made from a git repository, and this is none"
[ -z "$(git status --porcelain)" ] || say "changes that are not committed are not in it"
version=$(git show HEAD:META.json | sed -nE 's/^  "version": "(.*)",/\1/p')
name=irt_calibration-$version
archive=${CARGO_TARGET_DIR:-target}/$name.zip
as_owner mkdir -p "${archive%/*}"
# Times in a zip are local ones. They are the commit's: the same commit makes the same bytes.
TZ=UTC git archive --format=zip -9 --prefix="$name/" --output="$archive" HEAD

checker=$(scripts/cargo_tool.sh pgxn_meta)
folder=$(temporary_folder irt-dist)
trap 'rm -rf "$folder"' EXIT
python3 -m zipfile -e "$archive" "$folder"
say "PGXN's checker"
"$checker/pgxn_meta" "$folder/$name/META.json" >&2 || fail "META.json is not as PGXN wants it"
say "made $archive"
echo "$archive"
