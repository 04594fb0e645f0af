#!/usr/bin/env bash
# test_package.sh: the Debian package on a Debian that has Postgres and nothing of Rust.
#
# Makes the package, looks at it with lintian where that is installed, and installs
# it in a bare Debian of its own, in a chroot: CREATE EXTENSION, a run, the runner, removal.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh image
package=$(scripts/package.sh)
if command -v lintian >/dev/null; then
    say "lintian"
    # Ours is no Debian source package: there is no bug to close, and no manual page for psql's folder.
    lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$package"
fi

folder=$(temporary_folder irt-test-package)
trap 'rm -rf "$folder"' EXIT
scripts/bare_debian.sh "$folder"
install -m 644 "$package" "$folder/root/package.deb"
install -m 755 tests/package/in_bare_debian.sh "$folder/root/"
{
    cat tests/common/lsat7.sql
    echo '\copy lsat7 FROM STDIN WITH (FORMAT csv, HEADER)'
    cat tests/data/lsat7.csv
    printf '%s\n' '\.' "SELECT pg_temp.load_lsat7();"
} >"$folder/tmp/lsat7.sql"

say "in a bare Debian"
# Mounts of a namespace of its own: they are gone with the last process in it.
# shellcheck disable=SC2016 # the inner shell's $1
unshare --mount --pid --fork --kill-child sh -ec '
    mount --make-rprivate /
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root /root/in_bare_debian.sh "$2"
' sh "$folder" "$(pg_major "$(pg_config_path)")"
say "make test-package passed in $((SECONDS / 60)) min $((SECONDS % 60)) s"
