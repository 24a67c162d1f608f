#!/bin/sh
# make bench: builds Docket and the load generator for release and runs them. Settings: bench/README.md.
set -eu
cd "$(dirname "$0")/.."

# Debian keeps the programs of each PostgreSQL version out of PATH; the newest is taken. The name in PATH there is a
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

# Deadlines first: seconds, and no database. A miss there is told at the end, too.
missed=0
cargo bench --locked --bench deadlines || missed=$?
cargo bench --locked --bench load "$@"
exit "$missed"
