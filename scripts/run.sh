#!/usr/bin/env bash
# Starts Docket with its own database; arguments are passed to `docket dev`.
set -euo pipefail
cd "$(dirname "$0")/.."

# PostgreSQL refuses to run as root, so as root Docket runs it as another user, who must be able to reach the data.
closed_to_others() {
    local dir=$PWD
    while :; do
        case $(stat -c %A "$dir") in *[xt]) ;; *) return 0 ;; esac
        [ "$dir" = / ] && return 1
        dir=$(dirname "$dir")
    done
}

if [ "$(id -u)" = 0 ] && [ "$(uname)" = Linux ] && [[ " $* " != *" --data-dir"* ]] && closed_to_others; then
    data=/var/tmp/docket-$(printf %s "$PWD" | cksum | cut -d ' ' -f 1)
    if [ -L "$data" ] || { [ -e "$data" ] && [ ! -O "$data" ]; }; then
        echo "$data belongs to another user; use your own folder: make run ARGS='--data-dir FOLDER'" >&2
        exit 1
    fi
    mkdir -p -m 0711 "$data"
    echo "Running as root, and the user that PostgreSQL runs as cannot enter $PWD: storing the data in $data"
    echo "(for other commands, use --data-dir $data)"
    set -- --data-dir "$data" "$@"
fi
exec cargo run -- dev "$@"
