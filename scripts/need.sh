#!/usr/bin/env bash
# Checks that the named tools are there; says in one line each what is missing and what to do.
set -euo pipefail

missing=0
lack() {
    echo "missing: $1" >&2
    missing=1
}

for tool in "$@"; do
    case "$tool" in
    cargo)
        command -v cargo >/dev/null || lack "cargo: install Rust 1.95 or newer with rustup"
        command -v cc >/dev/null || lack "cc: install a C compiler (Debian: build-essential); SQLite is compiled"
        ;;
    node)
        if ! command -v npm >/dev/null; then
            lack "npm: install Node.js 20 or newer"
        elif [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
            lack "Node.js 20 or newer; this is $(node --version)"
        fi
        ;;
    python3)
        python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || lack "python3, 3.9 or newer"
        ;;
    pip)
        python3 -m pip --version >/dev/null 2>&1 || lack "pip: install it for python3 (Debian: python3-pip)"
        ;;
    *)
        lack "a check for $tool in scripts/need.sh"
        ;;
    esac
done
exit "$missing"
