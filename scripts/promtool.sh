#!/usr/bin/env bash
# Checks the alert rules and runs their tests, where promtool is installed.
set -euo pipefail
cd "$(dirname "$0")/../deploy/prometheus"

if ! command -v promtool >/dev/null; then
    echo "promtool is not installed, so deploy/prometheus was not checked; to check it: apt-get install prometheus" >&2
    exit 0
fi
promtool check rules alerts.yaml
promtool test rules alerts.test.yaml
