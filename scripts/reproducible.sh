#!/usr/bin/env bash
# reproducible.sh: package and archive of the last commit, made twice, are the same bytes.
#
# In two clones, in folders with names of different lengths, with another umask, time zone, language,
# and another name for cargo's folder. The Postgres is that of PG_CONFIG.
cd "$(dirname "$0")/.."
source scripts/common.sh

PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found; scripts/setup.sh installs one"
export PG_CONFIG
folder=$(temporary_folder irt-reproducible)
trap 'rm -rf "$folder"' EXIT

# make_in CLONE UMASK VARIABLE=VALUE…: both, in CLONE/target.
make_in() {
    local clone=$1 mask=$2
    shift 2
    git clone --quiet --no-hardlinks . "$clone"
    (
        umask "$mask"
        cd "$clone"
        for script in scripts/package.sh scripts/dist.sh; do
            env --unset=CARGO_TARGET_DIR --unset=SOURCE_DATE_EPOCH "$@" "$script"
        done
    ) >"$clone.made"
}

say "once"
make_in "$folder/a" 077 TZ=Asia/Kathmandu LC_ALL=C
say "and again"
ln -s "${CARGO_HOME:-$HOME/.cargo}" "$folder/crates"
make_in "$folder/a-folder-with-a-longer-name" 002 TZ=America/Lima LC_ALL=C.UTF-8 "CARGO_HOME=$folder/crates"
while read -r file; do
    file=${file##*/}
    if ! cmp "$folder/a/target/$file" "$folder/a-folder-with-a-longer-name/target/$file"; then
        kept=${TMPDIR:-/tmp}/irt-not-reproducible
        mkdir -p "$kept/1" "$kept/2"
        cp "$folder/a/target/$file" "$kept/1/"
        cp "$folder/a-folder-with-a-longer-name/target/$file" "$kept/2/"
        fail "$file is not the same when it is made twice; both are in $kept"
    fi
    say "the same bytes: $file, sha256 $(sha256sum <"$folder/a/target/$file" | cut -d' ' -f1)"
done <"$folder/a.made"
say "make reproducible passed in $((SECONDS / 60)) min $((SECONDS % 60)) s"
