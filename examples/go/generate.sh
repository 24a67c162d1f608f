#!/bin/sh
# Makes docketv1/ from the contract: ./generate.sh [folder of the .proto files]
# Needs protoc, protoc-gen-go and protoc-gen-go-grpc on the PATH; README.md says how to get them.
set -eu
cd "$(dirname "$0")"

proto=${1:-../../proto}
# The files name no Go package: where the code lies is your choice, made here.
set --
for file in "$proto"/docket/v1/*.proto; do
    set -- "$@" "docket/v1/$(basename "$file")"
done
places=
for file in "$@"; do
    places="$places,M$file=docket.example/docketv1"
done
protoc -I "$proto" \
    --go_out=. --go_opt="module=docket.example$places" \
    --go-grpc_out=. --go-grpc_opt="module=docket.example$places" "$@"
