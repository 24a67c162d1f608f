#!/usr/bin/env bash
# Runs buf, which checks the contract in proto/; through npx where it is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v buf >/dev/null; then
    exec buf "$@"
fi
if ! command -v npx >/dev/null; then
    echo "buf checks proto/, and there is neither buf nor npx: install buf (https://buf.build) or Node.js" >&2
    exit 1
fi
exec npx --yes --package=@bufbuild/buf@1.75.0 -- buf "$@"
