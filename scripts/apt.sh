#!/usr/bin/env bash
# Installs Debian packages, as root or through sudo.
set -euo pipefail

as_root=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Installing $* requires root, and sudo is not installed: run 'apt-get install $*' as root" >&2
        exit 1
    fi
    as_root=(sudo)
fi
"${as_root[@]}" apt-get update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
