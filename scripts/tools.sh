#!/usr/bin/env bash
# Says in clear words which build tool is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! command -v cargo >/dev/null; then
    echo "Docket is built with Rust $wanted or later, and there is no cargo. Install it from https://rustup.rs" >&2
    exit 1
fi
found=$(rustc --version | cut -d ' ' -f 2)
if [ "$(printf '%s\n%s\n' "$wanted" "${found%%-*}" | sort -V | head -n 1)" != "$wanted" ]; then
    echo "Docket needs Rust $wanted or later; this is Rust $found. Update it: rustup update stable" >&2
    exit 1
fi
if ! command -v "${CC:-cc}" >/dev/null; then
    echo "Docket's cryptography (aws-lc) is compiled with a C compiler, and there is no ${CC:-cc}." >&2
    echo "Install one: apt-get install build-essential (Debian, Ubuntu), xcode-select --install (macOS)" >&2
    exit 1
fi
