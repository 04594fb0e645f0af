#!/usr/bin/env bash
# The first start of a new volume: both extensions in POSTGRES_DB, and the job.
#
# Called by the official image's entrypoint, while the server listens on its
# Unix socket alone. IRT_SCHEDULE is the schedule; empty: no job.
set -euo pipefail

# in_database ARGUMENT…: psql, as the superuser, in POSTGRES_DB.
in_database() {
    PGHOST='' PGHOSTADDR='' psql -X -q -v ON_ERROR_STOP=1 --no-password \
        --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" "$@"
}

if [[ $(in_database -At -c 'SHOW shared_preload_libraries') == *pg_cron* ]]; then
    # pg_cron's tables are in one database; it learns in which when the server starts.
    in_database -v database="$POSTGRES_DB" <<<"ALTER SYSTEM SET cron.database_name = :'database'"
    pg_ctl -D "$PGDATA" -m fast -w restart
    in_database -c 'CREATE EXTENSION pg_cron' -c 'CREATE EXTENSION irt_calibration'
    schedule=${IRT_SCHEDULE-0 4 * * 0}
    if [ -n "$schedule" ]; then
        in_database -o /dev/null -v schedule="$schedule" <<<"SELECT irt_schedule_calibration(:'schedule')"
    fi
else
    in_database -c 'CREATE EXTENSION irt_calibration'
    echo "irt_calibration: this server's configuration does not preload pg_cron, so nothing is scheduled" >&2
fi
