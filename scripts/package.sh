#!/usr/bin/env bash
# package.sh: a Debian package of the extension, for the Postgres of PG_CONFIG. Prints its name.
#
# What install.sh puts into that Postgres, and the runner, in
# target/postgresql-MAJOR-irt-calibration_VERSION_ARCHITECTURE.deb: dpkg's own tools,
# no debhelper. It runs where glibc is at least as new as here.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh package
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found; scripts/setup.sh installs one"
export PG_CONFIG
major=$(pg_major "$PG_CONFIG")
bindir=$("$PG_CONFIG" --bindir)
name=postgresql-$major-irt-calibration
version=$(sed -nE "s/^default_version *= *'(.*)'/\1/p" irt_calibration.control)
architecture=$(dpkg --print-architecture)
maintainer='The irt_calibration authors <irt-calibration@users.noreply.github.com>'
# The same source makes the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

stage=$(temporary_folder irt-package)
trap 'rm -rf "$stage"' EXIT
root=$stage/root
documents=$root/usr/share/doc/$name

scripts/install.sh --stage "$root"
library=$root$("$PG_CONFIG" --pkglibdir)/irt_calibration.so
strip --strip-unneeded "$library"
chmod 644 "$library"
install -D -m 755 -t "$root$bindir" bin/irt_report bin/run_irt_calibration

install -D -m 644 packaging/copyright "$documents/copyright"
install -m 644 README.md docs/*.md "$documents/"
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
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
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
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >&2
say "made $package"
echo "$package"
