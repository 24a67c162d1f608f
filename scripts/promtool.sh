#!/usr/bin/env bash
# Checks the alert rules and runs their tests, if promtool is installed.
set -euo pipefail
cd "$(dirname "$0")/../deploy/prometheus"

if ! command -v promtool >/dev/null; then
    echo "Skipping deploy/prometheus: promtool is not installed (apt-get install prometheus)" >&2
    exit 0
fi
promtool check rules alerts.yaml
promtool test rules alerts.test.yaml
