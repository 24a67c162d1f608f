#!/usr/bin/env bash
# Installs PostgreSQL if none is found. Searches the same folders as `docket dev` (src/postgres/find.rs).
set -euo pipefail

found() {
    local dir path
    if [ -n "${DOCKET_POSTGRES_BIN:-}" ]; then
        [ -x "$DOCKET_POSTGRES_BIN/initdb" ] && [ -x "$DOCKET_POSTGRES_BIN/postgres" ]
        return
    fi
    IFS=: read -ra path <<<"$PATH"
    for dir in "${path[@]}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
        {/opt/homebrew,/usr/local,/home/linuxbrew/.linuxbrew}/opt/postgresql@*/bin; do
        [ -x "$dir/initdb" ] && return
    done
    return 1
}

found && exit 0
if [ -n "${DOCKET_POSTGRES_BIN:-}" ]; then
    echo "DOCKET_POSTGRES_BIN is $DOCKET_POSTGRES_BIN, which lacks initdb or postgres" >&2
    exit 1
fi
if command -v brew >/dev/null; then
    echo "No PostgreSQL found: installing it with 'brew install postgresql@17'"
    brew install postgresql@17
elif command -v apt-get >/dev/null; then
    echo "No PostgreSQL found: installing it with 'apt-get install postgresql'"
    "$(dirname "$0")/apt.sh" postgresql
else
    echo "No PostgreSQL found, and neither apt-get nor brew is available to install it." >&2
    echo "Install PostgreSQL 14 or later, or set DOCKET_POSTGRES_BIN to its bin folder." >&2
    exit 1
fi
found || { echo "PostgreSQL was installed, but initdb is not in any of the usual folders; set DOCKET_POSTGRES_BIN" >&2; exit 1; }
