#!/usr/bin/env bash
# Checks licenses, banned crates and sources of crates, if cargo-deny is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo deny --version >/dev/null 2>&1; then
    echo "Skipping deny.toml: cargo-deny is not installed (cargo install cargo-deny)" >&2
    exit 0
fi
exec cargo deny check licenses bans sources
