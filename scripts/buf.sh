#!/usr/bin/env bash
# Runs buf, which checks proto/; through npx if it is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v buf >/dev/null; then
    exec buf "$@"
fi
if ! command -v npx >/dev/null; then
    echo "Checking proto/ requires buf, and neither buf nor npx is installed: install buf (https://buf.build) or Node.js" >&2
    exit 1
fi
exec npx --yes --package=@bufbuild/buf@1.75.0 -- buf "$@"
