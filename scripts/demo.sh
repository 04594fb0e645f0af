#!/usr/bin/env bash
# demo.sh: from the responses of a real test to item parameters, in a Postgres of its own.
#
# Leaves nothing behind but the build in target/ and the packages that setup.sh installed.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh
PG_CONFIG=$(pg_config_path) || fail "no Postgres with headers found, even after scripts/setup.sh"
export PG_CONFIG

folder=$(temporary_folder irt-demo)
bindir=$folder/postgres$("$PG_CONFIG" --bindir)

clean_up() {
    if [ -f "$folder/data/postmaster.pid" ]; then
        as_server_user "$bindir/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
    fi
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say "building the extension (the first time takes minutes)"
scripts/install.sh --profile demo --root "$folder/postgres"

say "starting a throw-away Postgres $(pg_major "$PG_CONFIG")"
mkdir "$folder/data"
[ "$(id -u)" -ne 0 ] || chown postgres "$folder/data"
chmod 700 "$folder/data"
(
    # The server's user need not be able to enter the project's folder.
    cd "$folder"
    as_server_user "$bindir/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
    as_server_user "$bindir/pg_ctl" -w -D "$folder/data" -l "$folder/data/server.log" \
        -o "-c listen_addresses='' -c unix_socket_directories='$folder/data' -c fsync=off" start >/dev/null ||
        { cat "$folder/data/server.log" >&2; fail "Postgres does not start"; }
)

PGOPTIONS='-c client_min_messages=warning' "$bindir/psql" -X -q -v ON_ERROR_STOP=1 -P pager=off \
    -h "$folder/data" -U postgres -d postgres -f examples/demo.sql
