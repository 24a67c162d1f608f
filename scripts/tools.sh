#!/usr/bin/env bash
# Checks for the build tools, and says how to install a missing one.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! command -v cargo >/dev/null; then
    echo "Docket requires Rust $wanted or later, and cargo is not installed. Install it from https://rustup.rs" >&2
    exit 1
fi
found=$(rustc --version | cut -d ' ' -f 2)
if [ "$(printf '%s\n%s\n' "$wanted" "${found%%-*}" | sort -V | head -n 1)" != "$wanted" ]; then
    echo "Docket requires Rust $wanted or later, and this is Rust $found. Update it: rustup update stable" >&2
    exit 1
fi
if ! command -v "${CC:-cc}" >/dev/null; then
    echo "Docket's cryptography (aws-lc) requires a C compiler, and ${CC:-cc} is not installed." >&2
    echo "Install one: apt-get install build-essential (Debian, Ubuntu), xcode-select --install (macOS)" >&2
    exit 1
fi
