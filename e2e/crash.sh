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

# The build with these features has to fail this test, and say these words of it.
guilty() {
    if TMPDIR=$scratch DOCKET_CRASH=short cargo test --features "$1" --test crash -- --nocapture "$2" >"$log" 2>&1; then
        cat "$log"
        echo "The build with $1 passed: the test sees nothing." >&2
        exit 1
    fi
    if ! grep -q "$3" "$log"; then
        cat "$log"
        echo "The build with $1 failed, but not for what it does wrong." >&2
        exit 1
    fi
    grep -m 3 -E "faults, the first of them|$3" "$log"
    echo "red, as it should be"
}

echo "== a build that acknowledges before COMMIT: this has to go red"
guilty crash-points,ack-before-commit no_acknowledged_write_is_lost "acknowledged write lost"

echo "== a build whose streams skip positions: this has to go red"
guilty skip-position every_consumer "missed a position"

# The program that other scripts run is the plain one again.
cargo build --quiet
echo "crash: passed"
