#!/usr/bin/env bash
# package.sh: a Debian package of the extension, for the major of PG_CONFIG. Prints its name.
#
# What install.sh puts into a Postgres, at the paths that Debian and PGDG have, and the runner, in
# target/postgresql-MAJOR-irt-calibration_VERSION_ARCHITECTURE.deb: dpkg's own tools,
# no debhelper. It runs where glibc is at least as new as here. The same commit, compiler and
# tools make the same bytes, in any folder: make reproducible.
cd "$(dirname "$0")/.."
source scripts/common.sh
export LC_ALL=C.UTF-8 TZ=UTC
umask 022

scripts/setup.sh package
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found; scripts/setup.sh installs one"
export PG_CONFIG
major=$(pg_major "$PG_CONFIG")
name=postgresql-$major-irt-calibration
version=$(sed -nE "s/^default_version *= *'(.*)'/\1/p" irt_calibration.control)
architecture=$(dpkg --print-architecture)
maintainer='The irt_calibration authors <irt-calibration@users.noreply.github.com>'
# The time of everything that is in it.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

stage=$(temporary_folder irt-package)
trap 'rm -rf "$stage"' EXIT
root=$stage/root
documents=$root/usr/share/doc/$name

# A profile of its own, for a folder of its own: what `make install` built knows this machine's folders.
folders=${CARGO_TARGET_DIR:-$PWD/target}
export RUSTC_WRAPPER=$PWD/scripts/rustc_without_folders.sh
export CFLAGS="-ffile-prefix-map=$folders=/irt_calibration/target -ffile-prefix-map=${CARGO_HOME:-$HOME/.cargo}=/cargo"
cargo_for_pg build --package irt_calibration --profile packaged
unset RUSTC_WRAPPER CFLAGS
library=$root/usr/lib/postgresql/$major/lib/irt_calibration.so
install -D -m 644 "$(library_of packaged)" "$library"
strip --strip-unneeded "$library"
install -D -m 644 -t "$root/usr/share/postgresql/$major/extension" irt_calibration.control sql/irt_calibration--*.sql
install -D -m 755 -t "$root/usr/lib/postgresql/$major/bin" bin/irt_report bin/run_irt_calibration

install -D -m 644 packaging/copyright "$documents/copyright"
install -m 644 README.md docs/*.md packaging/third-party-licenses.md packaging/sbom.cdx.json "$documents/"
gzip -9n <CHANGELOG.md >"$documents/changelog.gz"
gzip -9n >"$documents/changelog.Debian.gz" <<CHANGES
$name ($version-1) unstable; urgency=medium

  * Release $version: see changelog.gz.

 -- $maintainer  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
CHANGES
chmod 644 "$documents"/*.gz

# dpkg-shlibdeps finds out which libraries of which versions the library needs.
mkdir "$stage/debian" "$root/DEBIAN"
printf 'Source: %s\n\nPackage: %s\nArchitecture: any\n' "$name" "$name" >"$stage/debian/control"
libraries=$(cd "$stage" && dpkg-shlibdeps -O --warnings=0 -e"$library" | sed 's/^shlibs:Depends=//')
cat >"$root/DEBIAN/control" <<CONTROL
Package: $name
Version: $version-1
Architecture: $architecture
Section: database
Priority: optional
Maintainer: $maintainer
Homepage: https://github.com/irt-calibration/irt_calibration
Installed-Size: $(find "$root/usr" -printf '%y %s\n' | awk '{ size += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print size }')
Depends: postgresql-$major, $libraries
Suggests: ca-certificates, postgresql-$major-cron
Description: calibration of test items, inside PostgreSQL $major
 An extension that keeps the item parameters of a test fresh, inside the
 database that holds the responses: a two-parameter logistic item response
 model (2PL), with standard errors, an audit trail, and schedules.
 .
 CREATE EXTENSION irt_calibration in each database that is to use it.
 run_irt_calibration, for other crons than pg_cron, and irt_report, which
 writes a page about a run, are beside psql.
CONTROL
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)

package=${CARGO_TARGET_DIR:-target}/${name}_$version-1_$architecture.deb
as_owner mkdir -p "${package%/*}"
find "$root" -type d -exec chmod 755 {} +
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
# Of several threads each would compress a part of its own.
dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$root" "$package" >&2
say "made $package"
echo "$package"
