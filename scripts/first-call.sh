#!/usr/bin/env bash
# The README's first call, with a token of the server that `make run` started here.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${DOCKET_TOKEN:-}" ]; then
    data=.docket
    if [ ! -e "$data/signing-key.pem" ]; then
        # Where run.sh keeps the data of a root whose clone is closed to others.
        data=/var/tmp/docket-$(printf %s "$PWD" | cksum | cut -d ' ' -f 1)
    fi
    DOCKET_TOKEN=$(cargo run --quiet -- token --tenant demo --sub ann --roles agent,admin --data-dir "$data")
    export DOCKET_TOKEN
fi
exec "$(e2e/python.sh)" examples/first_call.py "$@"
