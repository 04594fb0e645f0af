#!/usr/bin/env bash
# test_package.sh [MAJOR]: the Debian package on a Debian that has Postgres and nothing of Rust.
#
# For the installed Postgres, or for MAJOR, whose headers other_postgres.sh brings. Makes the package,
# looks at it with lintian where that is installed, and installs it in a bare Debian of its own, in a
# chroot: CREATE EXTENSION, a run, the runner, removal.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh image
folder=$(temporary_folder irt-test-package)
trap 'rm -rf "$folder"' EXIT
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found; scripts/setup.sh installs one"
major=${1:-$(pg_major "$PG_CONFIG")}
if [ "$major" != "$(pg_major "$PG_CONFIG")" ]; then
    scripts/setup.sh majors
    PG_CONFIG=$(scripts/other_postgres.sh "$major" "$folder/postgres")
fi
export PG_CONFIG
# Debian's own Postgres is one major in each release.
case $major in
    15) suite=bookworm ;;
    17) suite=trixie ;;
    *) fail "no Debian has Postgres $major to try its package on" ;;
esac
package=$(scripts/package.sh)
if command -v lintian >/dev/null; then
    say "lintian"
    # Ours is no Debian source package: there is no bug to close, and no manual page for psql's folder.
    lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$package"
fi

scripts/bare_debian.sh "$folder/debian" "$suite"
chmod 755 "$folder/debian"
install -m 644 "$package" "$folder/debian/root/package.deb"
install -m 755 tests/package/in_bare_debian.sh "$folder/debian/root/"
{
    cat tests/common/lsat7.sql
    echo '\copy lsat7 FROM STDIN WITH (FORMAT csv, HEADER)'
    cat tests/data/lsat7.csv
    printf '%s\n' '\.' "SELECT pg_temp.load_lsat7();"
} >"$folder/debian/tmp/lsat7.sql"

say "in a bare Debian, $suite"
# Mounts of a namespace of its own: they are gone with the last process in it.
# shellcheck disable=SC2016 # the inner shell's $1
unshare --mount --pid --fork --kill-child sh -ec '
    mount --make-rprivate /
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root /root/in_bare_debian.sh "$2"
' sh "$folder/debian" "$major"
say "make test-package passed in $((SECONDS / 60)) min $((SECONDS % 60)) s"
