#!/bin/sh
# make bench: builds Docket and the load generator for release and runs them. Settings: bench/README.md.
set -eu
cd "$(dirname "$0")/.."

# Debian installs the programs of each PostgreSQL version outside PATH; the newest is used. The one in PATH is a
# wrapper that starts slower.
if [ -z "${BENCH_PGBENCH:-}" ]; then
    for found in /usr/lib/postgresql/*/bin/pgbench /opt/homebrew/opt/postgresql@*/bin/pgbench; do
        if [ -x "$found" ]; then BENCH_PGBENCH=$found; fi
    done
    if [ -z "${BENCH_PGBENCH:-}" ] && ! command -v pgbench >/dev/null; then
        echo "bench: no pgbench found: install PostgreSQL's programs (Debian: apt-get install postgresql)," \
            "or set BENCH_PGBENCH" >&2
        exit 1
    fi
    export BENCH_PGBENCH="${BENCH_PGBENCH:-pgbench}"
fi

# Deadlines and conditions first: they take seconds and need no database. A miss there also fails the run at the end.
missed=0
cargo bench --locked --bench deadlines || missed=$?
cargo bench --locked --bench conditions || missed=$?
cargo bench --locked --bench load "$@"
exit "$missed"
