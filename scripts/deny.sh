#!/usr/bin/env bash
# Checks licences, banned crates and where crates come from, where cargo-deny is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo deny --version >/dev/null 2>&1; then
    echo "cargo-deny is not installed, so deny.toml was not checked; to check it: cargo install cargo-deny" >&2
    exit 0
fi
exec cargo deny check licenses bans sources
