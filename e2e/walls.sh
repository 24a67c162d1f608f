#!/bin/sh
# Row-level security alone: a build whose statements do not name their tenant still shows nobody what is another tenant's. The
# same build without the wall has to be found guilty.
set -eu
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
binary=$scratch/docket
cargo build --quiet --features no-tenant-predicates
cp "$target/debug/docket" "$binary"
# The program that other scripts run is the plain one again.
cargo build --quiet

echo "== statements without their tenant, behind the wall"
e2e/run.sh "$binary" test_roles.Outsiders

echo "== and without the wall: this has to go red"
if DOCKET_WITHOUT_WALL=1 e2e/run.sh "$binary" test_roles.Outsiders >"$scratch/log" 2>&1; then
    cat "$scratch/log"
    echo "Other tenants' rows were shown, and the test saw nothing." >&2
    exit 1
fi
if ! grep -q canary "$scratch/log"; then
    cat "$scratch/log"
    echo "It failed, but not for what it shows." >&2
    exit 1
fi
echo "red, as it should be"
