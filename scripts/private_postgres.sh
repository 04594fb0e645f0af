#!/usr/bin/env bash
# private_postgres.sh ROOT: a copy of the installed Postgres under ROOT, for tests and the demo.
#
# Nothing of ours then touches the system's Postgres, no privilege is needed,
# and several copies live side by side. Postgres finds its files relative to its
# programs: programs are copied to the same path below ROOT, all else is linked.
# Prints the folder of the copied programs.
cd "$(dirname "$0")/.."
source scripts/common.sh

root=${1:?usage: private_postgres.sh ROOT}
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found; scripts/setup.sh installs one"
bindir=$("$PG_CONFIG" --bindir)
pkglibdir=$("$PG_CONFIG" --pkglibdir)
sharedir=$("$PG_CONFIG" --sharedir)

# link_all FROM TO: a link in TO for each thing in FROM that TO lacks.
link_all() {
    local entry
    for entry in "$1"/*; do
        [ -e "$2/${entry##*/}" ] || ln -sfn "$entry" "$2/"
    done
}

mkdir -p "$root"
chmod 755 "$root"
if ! [ -x "$root$bindir/postgres" ] || [ "$bindir/postgres" -nt "$root$bindir/postgres" ]; then
    mkdir -p "$root$bindir" "$root$pkglibdir" "$root$sharedir/extension"
    cp -f "$bindir"/* "$root$bindir/"
fi
link_all "$pkglibdir" "$root$pkglibdir"
link_all "$sharedir" "$root$sharedir"
link_all "$sharedir/extension" "$root$sharedir/extension"
echo "$root$bindir"
