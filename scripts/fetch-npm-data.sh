#!/usr/bin/env bash
# Installs the locked data packages into data/node_modules. Does nothing when they are there already.
set -euo pipefail
cd "$(dirname "$0")/../data"

stamp=node_modules/.takwimu-lock
if [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then
    exit 0
fi
# The packages hold data only: no script of theirs has to run.
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
cp package-lock.json "$stamp"
