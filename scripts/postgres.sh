#!/usr/bin/env bash
# Installs PostgreSQL where none is found. The places are those that `docket dev` looks in (src/postgres/find.rs).
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
    echo "DOCKET_POSTGRES_BIN is $DOCKET_POSTGRES_BIN, which has no initdb and postgres" >&2
    exit 1
fi
if command -v brew >/dev/null; then
    echo "No PostgreSQL found: installing it with 'brew install postgresql@17'"
    brew install postgresql@17
elif command -v apt-get >/dev/null; then
    echo "No PostgreSQL found: installing it with 'apt-get install postgresql'"
    "$(dirname "$0")/apt.sh" postgresql
else
    echo "No PostgreSQL found, and neither apt-get nor brew to install it with." >&2
    echo "Install PostgreSQL 14 or later, or name its bin folder in DOCKET_POSTGRES_BIN." >&2
    exit 1
fi
found || { echo "PostgreSQL was installed, but its initdb is in none of the usual places; set DOCKET_POSTGRES_BIN" >&2; exit 1; }
