#!/usr/bin/env bash
# packages.sh: package.sh for each Postgres in /usr/lib/postgresql whose server and headers are installed.
cd "$(dirname "$0")/.."
source scripts/common.sh

made=0
while read -r candidate; do
    can_build_for "$candidate" || continue
    PG_CONFIG=$candidate scripts/package.sh
    made=$((made + 1))
done < <(find /usr/lib/postgresql -path '*/bin/pg_config' 2>/dev/null | sort -V)
[ "$made" -gt 0 ] || fail "no Postgres with headers in /usr/lib/postgresql: install postgresql-server-dev-15, for example"
