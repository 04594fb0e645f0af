#!/bin/bash
# in_bare_debian.sh MAJOR: what a user of /root/package.deb does, on a Debian without Rust.
set -euo pipefail
major=$1
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

apt() {
    apt-get -y -qq --no-install-recommends "$@" >/tmp/apt.log 2>&1 || { tail -20 /tmp/apt.log; exit 1; }
}

# as_postgres COMMAND…
as_postgres() {
    setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/var/lib/postgresql "$@"
}

sql() {
    as_postgres psql -X -q -A -t -v ON_ERROR_STOP=1 -p 54329 "$@" </dev/null
}

# yields SQL EXPECTED
yields() {
    local found
    found=$(sql -c "$1")
    [ "$found" = "$2" ] || { echo "not ok - $1: expected $2, found $found"; exit 1; }
    echo "ok - $1: $2"
}

apt update
apt install postgresql-common
sed -ri 's/#(create_main_cluster) .*$/\1 = false/' /etc/postgresql-common/createcluster.conf
apt install "postgresql-$major"
if command -v cargo rustc cc clang; then exit 1; fi
apt install /root/package.deb

pg_createcluster -p 54329 "$major" main -- --no-sync >/dev/null
as_postgres "/usr/lib/postgresql/$major/bin/pg_ctl" -D "/var/lib/postgresql/$major/main" -w -l /tmp/server.log \
    -o "-c config_file=/etc/postgresql/$major/main/postgresql.conf -c listen_addresses=''" start >/dev/null ||
    { cat /tmp/server.log; exit 1; }
as_postgres psql -X -q -v ON_ERROR_STOP=1 -p 54329 </tmp/lsat7.sql >/dev/null
sql -c "CREATE EXTENSION irt_calibration" -c "SELECT irt_add_item_columns('questions')" >/dev/null
yields "SELECT status, items_calibrated FROM irt_run_calibration()" "success|5"
yields "SELECT count(*) FROM questions WHERE irt_se_difficulty > 0" 5
as_postgres env PGPORT=54329 "/usr/lib/postgresql/$major/bin/run_irt_calibration" >/tmp/runner.log ||
    { cat /tmp/runner.log; exit 1; }
echo "ok - the runner ends with 0"
# By a file: a pipe that grep leaves early would be irt_report's failure.
as_postgres env PGPORT=54329 "/usr/lib/postgresql/$major/bin/irt_report" >/tmp/report.html
grep -q '^<!DOCTYPE html>' /tmp/report.html || { echo "not ok - irt_report wrote no page"; exit 1; }
echo "ok - irt_report writes a page"
sql -c "DROP EXTENSION irt_calibration"
as_postgres "/usr/lib/postgresql/$major/bin/pg_ctl" -D "/var/lib/postgresql/$major/main" -w -m fast stop >/dev/null
apt purge "postgresql-$major-irt-calibration"
left=$(find / -xdev -path /proc -prune -o \( -name '*irt?calibration*' \) -print)
[ -z "$left" ] || { echo "not ok - left behind: $left"; exit 1; }
echo "ok - nothing is left after removal"
