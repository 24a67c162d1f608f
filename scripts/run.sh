#!/usr/bin/env bash
# Starts Docket with a database of its own; arguments go to `docket dev`.
set -euo pipefail
cd "$(dirname "$0")/.."

# PostgreSQL refuses to run as root, so a root's Docket runs it as another user, who has to be able to get to the data.
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
        echo "$data belongs to someone else; give a folder of your own: make run ARGS='--data-dir FOLDER'" >&2
        exit 1
    fi
    mkdir -p -m 0711 "$data"
    echo "You are root, and $PWD is closed to the user that PostgreSQL runs as: keeping the data in $data"
    echo "(other commands find it with --data-dir $data)"
    set -- --data-dir "$data" "$@"
fi
exec cargo run -- dev "$@"
