# shellcheck shell=bash
# What the other scripts share: which Postgres, which cargo features, who runs the server.
# Source it from the project's root.

set -euo pipefail

# rustup puts cargo where only login shells look.
if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
    PATH=$HOME/.cargo/bin:$PATH
fi

# say TEXT: progress, for the person who watches.
say() {
    printf '\033[1m==> %s\033[0m\n' "$*" >&2
}

# fail TEXT: one line that says what is wrong and what to do, and the end.
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# pg_config_path: the pg_config of the Postgres to build for.
# PG_CONFIG decides; else the first on the PATH, else the newest, that has a
# server and its headers.
pg_config_path() {
    local candidate
    if [ -n "${PG_CONFIG:-}" ]; then
        command -v "$PG_CONFIG" || fail "PG_CONFIG=$PG_CONFIG is not a program"
        return
    fi
    while read -r candidate; do
        if can_build_for "$candidate"; then
            echo "$candidate"
            return
        fi
    done < <(command -v pg_config; find /usr/lib/postgresql -path '*/bin/pg_config' 2>/dev/null | sort -Vr)
    return 1
}

# can_build_for PG_CONFIG: does it have a server to run and headers to build with?
can_build_for() {
    [ -x "$("$1" --bindir)/postgres" ] && [ -f "$("$1" --includedir-server)/postgres.h" ]
}

# pg_major PG_CONFIG: 15, for example.
pg_major() {
    "$1" --version | sed -E 's/^PostgreSQL ([0-9]+).*/\1/'
}

# as_owner COMMAND…: as the owner of this folder, so that `sudo make install`
# leaves no files of root's in target/.
as_owner() {
    local owner
    owner=$(stat -c %U .)
    if [ "$(id -u)" -eq 0 ] && [ "$owner" != root ] && [ -n "${SUDO_USER:-}" ]; then
        sudo -u "$owner" --preserve-env=IRT_TEST_BINDIR,IRT_BENCH_EXAMPLES,IRT_BENCH_PYTHON,FULL,R_LIBS,PGRX_PG_CONFIG_PATH,CARGO_TARGET_DIR,CARGO_HOME,RUSTUP_HOME,PATH,RUSTC_WRAPPER,CFLAGS,DOCS_RS,SOURCE_DATE_EPOCH,LC_ALL -H -- "$@"
    else
        "$@"
    fi
}

# as_server_user COMMAND…: Postgres refuses to run as root.
as_server_user() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u postgres -- env -u RUST_BACKTRACE "$@"
    else
        env -u RUST_BACKTRACE "$@"
    fi
}

# temporary_folder NAME: a new folder that the server's user may enter.
# root's TMPDIR may be private; /tmp is not.
temporary_folder() {
    local folder parent=${TMPDIR:-/tmp}
    [ "$(id -u)" -ne 0 ] || parent=/tmp
    folder=$(mktemp -d "$parent/$1-XXXXXX")
    chmod 755 "$folder"
    echo "$folder"
}

# cargo_for_pg SUBCOMMAND ARGUMENT…: cargo, building for $PG_CONFIG's major.
# SUBCOMMAND may be more than one word: "nextest run".
cargo_for_pg() {
    local subcommand
    read -ra subcommand <<<"$1"
    shift
    command -v cargo >/dev/null || fail "cargo is missing: install Rust 1.95 or later with rustup"
    PGRX_PG_CONFIG_PATH=$PG_CONFIG as_owner cargo "${subcommand[@]}" --locked \
        --no-default-features --features "pg$(pg_major "$PG_CONFIG")" "$@"
}

# library_of PROFILE: where cargo puts the extension.
library_of() {
    local folder=$1
    [ "$folder" = dev ] && folder=debug
    echo "${CARGO_TARGET_DIR:-target}/$folder/libirt_calibration.so"
}
