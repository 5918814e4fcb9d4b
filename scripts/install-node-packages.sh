#!/usr/bin/env bash
# Installs the locked Node packages of the folder $1. Does nothing when they are there for the present lock file.
set -euo pipefail
cd "$1"

stamp=node_modules/.takwimu-lock
want=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$want" ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    echo "$want" >"$stamp"
fi
