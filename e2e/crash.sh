#!/bin/sh
# Kills servers and databases under load, long form, then proves that the test sees a build that lies.
#
# DOCKET_CRASH=short runs the short form; DOCKET_CRASH_SEED=<number> repeats a run's course.
set -eu
cd "$(dirname "$0")/.."

form=${DOCKET_CRASH:-full}
export DOCKET_CRASH="$form"
# A run that goes red leaves its folder to be read; of the one that has to, nobody wants it.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# PostgreSQL refuses to be root, and its own user has to pass through.
chmod 711 "$scratch"
log=$scratch/log

echo "== a build that keeps its word, killed at random, at each seam, and with its database"
cargo test --features crash-points --test crash -- --nocapture --test-threads 1

echo "== a build that acknowledges before COMMIT: this has to go red"
if TMPDIR=$scratch DOCKET_CRASH=short cargo test --features crash-points,ack-before-commit --test crash -- \
    --nocapture no_acknowledged_write_is_lost >"$log" 2>&1; then
    cat "$log"
    echo "The lying build passed: the crash test sees nothing." >&2
    exit 1
fi
if ! grep -q "acknowledged write lost" "$log"; then
    cat "$log"
    echo "The lying build failed, but not for what it lies about." >&2
    exit 1
fi
grep -m 3 -E "faults, the first of them|acknowledged write lost" "$log"
echo "red, as it should be"

echo "== a build whose streams skip positions: this has to go red"
if TMPDIR=$scratch DOCKET_CRASH=short cargo test --features skip-position --test crash -- \
    --nocapture every_consumer >"$log" 2>&1; then
    cat "$log"
    echo "The build that skips passed: the test of consumers sees nothing." >&2
    exit 1
fi
if ! grep -q "missed a position" "$log"; then
    cat "$log"
    echo "The build that skips failed, but not for what it skips." >&2
    exit 1
fi
grep -m 3 -E "faults, the first of them|missed a position" "$log"
echo "red, as it should be"

# The program that other scripts run is the plain one again.
cargo build --quiet
echo "crash: passed"
