#!/usr/bin/env bash
# demo.sh: from the responses of a real test to item parameters, in a Postgres of its own; then a
# report of a larger bank, in target/demo-report.html.
#
# With PICTURE=FILE.png a browser takes a picture of that report. Leaves nothing behind but that, the
# build in target/ and the packages that setup.sh installed.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh ${PICTURE:+test}
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

say "a larger bank, 80 exercises, and the run of its second week"
connection=(env "PGHOST=$folder/data" PGUSER=postgres PGDATABASE=postgres "PATH=$bindir:$PATH")
PGOPTIONS='-c client_min_messages=warning' "${connection[@]}" psql -X -q -o /dev/null -f examples/bank.sql

# write_report FILE OPTION…: the folder's owner owns it, as all in target/.
write_report() {
    local file=$1
    shift
    "${connection[@]}" bin/irt_report --bank exercises "$@" >"$folder/report.html"
    as_owner tee "$file" <"$folder/report.html" >/dev/null
}
report=${CARGO_TARGET_DIR:-$PWD/target}/demo-report.html
write_report "$report"
say "its report is $report: open it in a browser"

if [ -n "${PICTURE:-}" ]; then
    write_report "$folder/picture.html" --section verdict --section changes
    # Its sandbox refuses to work for root.
    sandbox=()
    [ "$(id -u)" -ne 0 ] || sandbox=(--no-sandbox)
    chromium --headless=new "${sandbox[@]}" --disable-gpu --hide-scrollbars --window-size=1040,1780 \
        --user-data-dir="$folder/browser" --screenshot="$folder/picture.png" "file://$folder/picture.html" 2>/dev/null
    as_owner tee "$PICTURE" <"$folder/picture.png" >/dev/null
    say "its picture is $PICTURE"
fi
