#!/usr/bin/env bash
# setup.sh [test|majors|image|package]: installs what building and running need and the machine lacks.
#
# By apt, with sudo when we are not root. Does nothing, and asks for nothing,
# when all is there. With `test` also what only tests use: pg_cron, PgBouncer, Python for bugsink and for
# applications, ActiveRecord for them, and for the report a browser and, where there is npm, axe-core;
# with `majors` what other_postgres.sh uses,
# with `image` what test_image.sh and test_package.sh use, with `package` what package.sh uses.
cd "$(dirname "$0")/.."
source scripts/common.sh

command -v cargo >/dev/null || fail "cargo is missing: install Rust 1.95 or later with rustup"

# distribution_major: the Postgres that the distribution has, 15 on Debian 12. Nothing, before
# the first apt-get update.
distribution_major() {
    { apt-cache depends postgresql 2>/dev/null || true; } | sed -nE 's/.*Depends: postgresql-([0-9]+).*/\1/p' | head -1
}

# packages_for PURPOSE: the names of what is missing, one a line.
packages_for() {
    local major
    if PG_CONFIG=$(pg_config_path); then
        major=$(pg_major "$PG_CONFIG")
    else
        major=$(distribution_major)
        echo "postgresql-${major:=15}"
        echo "postgresql-server-dev-$major"
    fi
    command -v cc >/dev/null || echo gcc
    command -v clang >/dev/null || echo clang
    compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null ||
        compgen -G '/usr/lib*/libclang.so*' >/dev/null || echo libclang-dev
    if [ "$1" = majors ]; then
        command -v python3 >/dev/null || echo python3
        python3 -c 'import pip' 2>/dev/null || echo python3-pip
        command -v npm >/dev/null || echo npm
        command -v patchelf >/dev/null || echo patchelf
    fi
    if [ "$1" = image ]; then
        command -v python3 >/dev/null || echo python3
        command -v buildah >/dev/null || echo buildah
        command -v debootstrap >/dev/null || echo debootstrap
    fi
    if [ "$1" = package ]; then
        command -v dpkg-shlibdeps >/dev/null || echo dpkg-dev
        command -v strip >/dev/null || echo binutils
    fi
    [ "$1" = test ] || return 0
    command -v python3 >/dev/null || echo python3
    python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
    /usr/bin/ruby -e 'require "active_record"; require "pg"' 2>/dev/null || printf '%s\n' ruby-activerecord ruby-pg
    # Ubuntu's package of that name is a snap, which a server has no use for.
    [ -x /usr/bin/chromium ] || ! grep -q '^ID=debian' /etc/os-release || printf '%s\n' chromium fonts-dejavu-core
    # Only Debian's packages can be added this way; elsewhere tests that need them say so.
    [ "${PG_CONFIG:-/usr/lib/postgresql}" != "${PG_CONFIG#/usr/}" ] || return 0
    [ -n "$(find "/usr/lib/postgresql/$major/lib/pg_cron.so" 2>/dev/null)" ] || echo "postgresql-$major-cron"
    [ -x /usr/sbin/pgbouncer ] || echo pgbouncer
}

# privileged COMMAND…: as root.
privileged() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages NAME…: without a cluster or service of Postgres's own beside the throw-away ones.
install_packages() {
    without_cluster=/etc/postgresql-common/createcluster.d/irt_calibration.conf
    privileged mkdir -p "${without_cluster%/*}"
    echo "create_main_cluster = false" | privileged tee "$without_cluster" >/dev/null
    trap 'privileged rm -f "$without_cluster"' EXIT
    privileged env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" </dev/null >&2 || fail "apt could not install $*"
}

# find_missing PURPOSE: into the array `missing`.
find_missing() {
    mapfile -t missing < <(packages_for "$1")
    wait $! || fail "could not find out what this machine lacks"
}

# finish: what no package has.
finish() {
    [ "$1" = test ] || return 0
    as_owner scripts/axe.sh >/dev/null || say "axe-core could not be fetched: the report is not tested with it"
}

find_missing "${1:-}"
if [ ${#missing[@]} -eq 0 ]; then
    finish "${1:-}"
    exit 0
fi

say "installing ${missing[*]}"
command -v apt-get >/dev/null ||
    fail "this machine has no apt: install a Postgres server with its headers, a C compiler and clang yourself (missing here: ${missing[*]})"
[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
    fail "missing: ${missing[*]}. You are neither root nor have sudo: ask an administrator to apt-get install them"
privileged apt-get update -qq </dev/null >&2 || say "apt-get update failed; trying with the lists that are there"
# The lists may have been empty before: which Postgres there is can be known only now.
find_missing "${1:-}"
install_packages "${missing[@]}"
finish "${1:-}"
