#!/bin/sh
# Runs the end-to-end tests against a `docket dev` of their own: e2e/run.sh [BINARY] [unittest names ...]
# BINARY: else DOCKET_BIN, else the debug build. Leaves nothing behind but e2e-venv beside the build.
set -eu
cd "$(dirname "$0")/.."

if [ "$#" -gt 0 ] && [ -x "$1" ]; then
    DOCKET_BIN=$1
    shift
fi
target=${CARGO_TARGET_DIR:-target}
DOCKET_BIN=${DOCKET_BIN:-$target/debug/docket}
# Tests call it from folders of their own.
case $DOCKET_BIN in
/*) ;;
*) DOCKET_BIN=$PWD/$DOCKET_BIN ;;
esac
export DOCKET_BIN
if [ ! -x "$DOCKET_BIN" ]; then
    echo "no binary at $DOCKET_BIN: run \`cargo build\` first, or name one in DOCKET_BIN" >&2
    exit 2
fi

exec "$(e2e/python.sh)" -B e2e/main.py "$@"
