#!/usr/bin/env bash
# bare_debian.sh FOLDER [SUITE]: an empty Debian in FOLDER, as a machine that has never seen us. 12 by default.
#
# Made by debootstrap the first time, and kept for the next in the user's cache,
# or where IRT_BARE_DEBIAN says. Needs root. Its apt takes packages from where this machine's does.
cd "$(dirname "$0")/.."
source scripts/common.sh

folder=${1:?usage: bare_debian.sh FOLDER [SUITE]}
suite=${2:-bookworm}
archive=${IRT_BARE_DEBIAN:-${XDG_CACHE_HOME:-$HOME/.cache}/irt_calibration/$suite.tar}
[ "$(id -u)" -eq 0 ] || fail "a root file system can be made by root only"
command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"

mkdir -p "${archive%/*}" "$folder"
exec 9>"$archive.lock"
flock 9
if ! [ -e "$archive" ]; then
    say "making a bare Debian, $suite (once)"
    made=$(temporary_folder irt-bare-debian)
    trap 'rm -rf "$made"' EXIT
    debootstrap --variant=minbase --include=ca-certificates "$suite" "$made" >"$made.log" 2>&1 ||
        { tail "$made.log" >&2; fail "debootstrap failed"; }
    rm -f "$made.log" "$made"/var/cache/apt/archives/*.deb
    tar -C "$made" -cf "$archive.new" .
    mv "$archive.new" "$archive"
fi
exec 9>&-
tar -C "$folder" -xf "$archive"
# Security updates: a server from there may need newer libraries than the release had.
mirror=$(awk '/^deb /{print $2; exit}' "$folder/etc/apt/sources.list")
cat >"$folder/etc/apt/sources.list" <<SOURCES
deb $mirror $suite main
deb $mirror $suite-updates main
deb ${mirror%/}-security $suite-security main
SOURCES
cp /etc/resolv.conf "$folder/etc/resolv.conf"
