#!/usr/bin/env bash
# Makes the README's first call, with a token for the server that `make run` started here.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${DOCKET_TOKEN:-}" ]; then
    data=.docket
    if [ ! -e "$data/signing-key.pem" ]; then
        # Data folder that run.sh uses for root if others cannot enter the clone.
        data=/var/tmp/docket-$(printf %s "$PWD" | cksum | cut -d ' ' -f 1)
    fi
    DOCKET_TOKEN=$(cargo run --quiet -- token --tenant demo --sub ann --roles agent,admin --data-dir "$data")
    export DOCKET_TOKEN
fi
exec "$(e2e/python.sh)" examples/first_call.py "$@"
