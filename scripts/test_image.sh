#!/usr/bin/env bash
# test_image.sh [TESTS]: builds the Dockerfile without a registry, starts the image, and looks.
#
# The base is a bare Debian with Debian's Postgres, made to behave as the official
# image (tests/image); Rust and the crates are this machine's. buildah builds and
# runs, in a chroot. With TESTS (arguments of cargo test) the stage `test` is built too.
# IRT_ENTRYPOINT: a copy of the official docker-entrypoint.sh, to start with that one.
# IRT_IMAGE_STORAGE: a folder that keeps the bases, and what cargo built, for the next time.
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/setup.sh image
folder=$(temporary_folder irt-image)
storage=${IRT_IMAGE_STORAGE:-$folder/storage}
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
helpers=()
process=

# b ARGUMENT…: buildah, with a storage of our own.
b() {
    buildah --root "$storage" --runroot "$folder/run" "$@"
}

clean_up() {
    [ -z "$process" ] || stop_server immediate
    [ ${#helpers[@]} -eq 0 ] || kill "${helpers[@]}" 2>/dev/null || true
    b rm --all >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# The images that the Dockerfile starts from.

make_debian() {
    scripts/bare_debian.sh "$folder/debian"
    local container
    container=$(b from scratch)
    b add -q "$container" "$folder/debian" / >/dev/null
    b commit -q "$container" localhost/irt-debian >/dev/null
    rm -rf "$folder/debian"
}

make_base() {
    b build -q --format docker --pull=false --network host -t localhost/irt-base \
        -f tests/image/base.Dockerfile tests/image >/dev/null
}

# As the official Rust image: cargo in /usr/local/cargo. The crates of Cargo.lock are there already.
rust=localhost/irt-rust:$(cksum <Cargo.lock | cut -d' ' -f1)
make_rust() {
    local container sysroot cargo_home=${CARGO_HOME:-$HOME/.cargo}
    sysroot=$(rustc --print sysroot)
    cargo fetch --locked --quiet
    mkdir -p "$folder/rust/cargo/registry" "$folder/rust/rustup"
    cp -r "$sysroot/bin" "$sysroot/lib" "$folder/rust/cargo/"
    cp -r "$cargo_home/registry/index" "$cargo_home/registry/cache" "$folder/rust/cargo/registry/"
    printf '[net]\noffline = true\n' >"$folder/rust/cargo/config.toml"
    container=$(b from scratch)
    b add -q "$container" "$folder/rust" /usr/local >/dev/null
    b commit -q "$container" "$rust" >/dev/null
    rm -rf "$folder/rust"
}

# make_once NAME IMAGE: by make_NAME, unless an earlier run kept it.
make_once() {
    b inspect --type image "$2" >/dev/null 2>&1 && return
    say "making $2"
    "make_$1"
}

# build TARGET ARGUMENT…: a stage of the Dockerfile.
build() {
    local target=$1 kept=()
    shift
    if [ -n "${IRT_IMAGE_STORAGE:-}" ]; then
        mkdir -p "$IRT_IMAGE_STORAGE-target"
        kept=(--volume "$IRT_IMAGE_STORAGE-target:/build/target")
    fi
    say "building the stage $target"
    b build --format docker --pull=false --network host --build-arg BASE=localhost/irt-base \
        --build-arg "RUST_IMAGE=$rust" --target "$target" -t "localhost/irt-$target" "${kept[@]}" "$@" . \
        >"$folder/build.log" 2>&1 || { tail -40 "$folder/build.log" >&2; fail "the stage $target does not build"; }
}

# A container, and the server in it.

# new_container VARIABLE=VALUE…: from the image, with these in its environment.
new_container() {
    local variable
    server=$(b from --pull=false localhost/irt-server)
    for variable in "PGPORT=$port" POSTGRES_PASSWORD=secret "$@"; do
        b config --env "$variable" "$server"
    done
    [ -z "${IRT_ENTRYPOINT:-}" ] ||
        b copy -q --chmod 755 "$server" "$IRT_ENTRYPOINT" /usr/local/bin/docker-entrypoint.sh >/dev/null
}

in_server() {
    b run "$server" -- "$@"
}

# configured KEY: what the image says, one word a line. KEY: Entrypoint, Cmd or Healthcheck.
configured() {
    b inspect "$server" | python3 -c '
import json, sys
config = json.load(sys.stdin)["Docker"]["config"]
value = config[sys.argv[1]]
print("\n".join(value["Test"][1:] if sys.argv[1] == "Healthcheck" else value))' "$1"
}

start_server() {
    local entrypoint command
    mapfile -t entrypoint < <(configured Entrypoint)
    mapfile -t command < <(configured Cmd)
    in_server "${entrypoint[@]}" "${command[@]}" >>"$folder/server.log" 2>&1 </dev/null &
    process=$!
}

stop_server() {
    # shellcheck disable=SC2016 # the container's PGDATA
    in_server gosu postgres sh -c 'pg_ctl -D "$PGDATA" -w -m "$1" stop' sh "$1" >/dev/null 2>&1 || true
    wait "$process" || true
}

healthy() {
    local command
    mapfile -t command < <(configured Healthcheck)
    in_server "${command[@]}" >"$folder/health.log" 2>&1
}

# sql ARGUMENT…: psql as the container's superuser, in its database.
sql() {
    # shellcheck disable=SC2016 # the container's variables
    in_server sh -c 'exec psql -X -q -A -t -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" \
        -d "${POSTGRES_DB:-postgres}" "$@"' sh "$@"
}

# wait_for WHAT COMMAND…: until the command succeeds; 150 s, for pg_cron has minutes.
wait_for() {
    local what=$1 deadline=$((SECONDS + 150))
    shift
    until "$@"; do
        if [ $SECONDS -gt $deadline ]; then
            tail -40 "$folder/server.log" >&2
            cat "$folder/health.log" >&2
            fail "not seen: $what"
        fi
        sleep 1
    done
    passed "$what"
}

checks=0
passed() {
    checks=$((checks + 1))
    printf 'ok %d - %s\n' "$checks" "$1"
}

# yields WHAT SQL EXPECTED
yields() {
    local found
    found=$(sql -c "$2")
    [ "$found" = "$3" ] || fail "$1: expected $3, found $found"
    passed "$1"
}

# is_true SQL
is_true() {
    [ "$(sql -c "$1" 2>/dev/null)" = t ]
}

make_once debian localhost/irt-debian
make_once base localhost/irt-base
make_once rust "$rust"
build server
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

python3 tests/image/listener.py "$folder/envelopes" >"$folder/listener.port" &
helpers+=($!)
until [ -s "$folder/listener.port" ]; do sleep 0.1; done

say "starting the image"
new_container POSTGRES_USER=keeper POSTGRES_DB='my shop' ENV=staging \
    "SENTRY_DSN=http://5ecret@127.0.0.1:$(cat "$folder/listener.port")/1"
! healthy || fail "healthy without a server"
passed "unhealthy before it is started"
start_server
wait_for "healthy after the first start" healthy
grep -q '^irt_calibration [0-9]' "$folder/health.log" || fail "the health check does not name the version"
yields "the job is scheduled, in POSTGRES_DB" \
    "SELECT jobname, schedule, database, username FROM cron.job" 'irt_calibration_default|0 4 * * 0|my shop|keeper'
yields "ALTER SYSTEM knows the settings" \
    "SELECT count(*) FROM pg_settings WHERE name LIKE 'irt\\_calibration.%'" 8
sql -c "CREATE ROLE stranger LOGIN" \
    -c "ALTER SYSTEM SET irt_calibration.sentry_dsn = 'http://hidden@127.0.0.1:9/1'" -c "SELECT pg_reload_conf()" >/dev/null
sql -c "SET ROLE stranger" -c "SHOW irt_calibration.sentry_dsn" >"$folder/shown" 2>&1 &&
    fail "a stranger reads the DSN"
grep -q 'must be superuser' "$folder/shown" || fail "$(cat "$folder/shown")"
passed "a stranger cannot read the DSN"
sql -c "ALTER SYSTEM RESET irt_calibration.sentry_dsn" -c "SELECT pg_reload_conf()" >/dev/null

sql -c "SELECT irt_schedule_calibration('* * * * *')" >/dev/null 2>"$folder/notice"
grep -q "at '\* \* \* \* \*', GMT" "$folder/notice" || fail "no notice: $(cat "$folder/notice")"
wait_for "without tables the job fails, and says why" is_true \
    "SELECT count(*) > 0 FROM irt_calibration_runs JOIN cron.job_run_details d ON d.status = 'failed'
     WHERE error_sqlstate = '42P01' AND triggered_by = 'cron' AND d.return_message LIKE '%' || error_message || '%'"
grep_envelopes() { grep -q "$1" "$folder/envelopes" 2>/dev/null; }
wait_for "Sentry hears of it, from the variables of the environment" grep_envelopes '"environment":"staging"'
sql -c "SELECT error_message FROM irt_calibration_runs ORDER BY id LIMIT 1" | sed 's/^/    /'

{
    cat tests/common/lsat7.sql
    echo '\copy lsat7 FROM STDIN WITH (FORMAT csv, HEADER)'
    cat tests/data/lsat7.csv
    printf '%s\n' '\.' "SELECT pg_temp.load_lsat7();" "SELECT irt_add_item_columns('questions');"
} | sql >/dev/null
wait_for "with tables it succeeds" is_true \
    "SELECT count(*) > 0 FROM irt_calibration_runs WHERE status = 'success' AND triggered_by = 'cron'"
wait_for "pg_cron says so too" is_true \
    "SELECT count(*) > 0 FROM cron.job_run_details WHERE status = 'succeeded'"
yields "parameters are published" "SELECT bool_and(irt_calibrated_at IS NOT NULL) FROM questions" t
in_server env PGHOST=127.0.0.1 PGUSER=keeper PGDATABASE='my shop' PGPASSWORD=secret run_irt_calibration \
    >"$folder/runner.log" 2>&1 || fail "the runner: $(cat "$folder/runner.log")"
passed "the runner is in the image"
b build -q --format docker --pull=false --build-arg BASE=localhost/irt-base -t localhost/irt-runner \
    -f deploy/runner/Dockerfile . >/dev/null
runner=$(b from --pull=false localhost/irt-runner)
b config --env "DATABASE_URL=postgresql://keeper:secret@127.0.0.1:$port/my%20shop" "$runner"
b run "$runner" -- run_irt_calibration --bank default >"$folder/runner.log" 2>&1 ||
    fail "the runner's image: $(cat "$folder/runner.log")"
passed "the runner has an image of its own"

stop_server fast
start_server
wait_for "healthy after a second start" healthy
yields "the job is still there" "SELECT schedule FROM cron.job" '* * * * *'
sql -c "DROP EXTENSION irt_calibration"
! healthy || fail "healthy without the extension"
grep -q 'CREATE EXTENSION irt_calibration;' "$folder/health.log" || fail "$(cat "$folder/health.log")"
passed "unhealthy without the extension, and it says what to do"
stop_server fast

say "starting it with other variables"
new_container IRT_SCHEDULE=
start_server
wait_for "healthy with the defaults" healthy
yields "no job, where none is wanted" \
    "SELECT count(*), current_setting('cron.database_name') FROM cron.job" '0|postgres'
stop_server fast
process=

build cloudnativepg
extension=$(b from --pull=false localhost/irt-cloudnativepg)
{
    printf '%s\n' lib/irt_calibration.so share/extension/irt_calibration.control
    for script in sql/irt_calibration--*.sql; do
        echo "share/extension/${script##*/}"
    done
    printf 'licenses/irt_calibration/%s\n' LICENSE sbom.cdx.json third-party-licenses.md
} | sort >"$folder/expected"
(cd "$(b mount "$extension")" && find . -type f -printf '%P\n') | sort >"$folder/found"
diff "$folder/expected" "$folder/found" >&2 || fail "the image for CloudNativePG has other files than it should"
passed "the image for CloudNativePG has the extension's files, where a volume has them, and no others"

if [ $# -gt 0 ]; then
    build test --build-arg "TESTS=$*"
    grep '^test result' "$folder/build.log"
    passed "the stage test: $*"
fi
say "make test-image passed in $((SECONDS / 60)) min $((SECONDS % 60)) s"
