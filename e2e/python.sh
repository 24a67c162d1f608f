#!/bin/sh
# Prints the path of a Python that has gRPC; makes its environment beside the build when there is none.
set -eu
cd "$(dirname "$0")/.."

venv=${CARGO_TARGET_DIR:-target}/e2e-venv
# The stamp is the requirements themselves, written last: a half-made environment is made again.
if ! cmp -s e2e/requirements.txt "$venv/requirements.txt"; then
    if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        echo "Python's venv is missing: apt-get install python3-venv (Debian, Ubuntu)" >&2
        exit 1
    fi
    echo "Making a Python environment in $venv" >&2
    mkdir -p "$(dirname "$venv")"
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r e2e/requirements.txt >&2
    cp e2e/requirements.txt "$venv/requirements.txt"
fi
echo "$venv/bin/python"
