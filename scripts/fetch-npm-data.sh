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
# The names come in 700 locales (170 MB); the program speaks four.
for package in dates localenames numbers; do
    find "node_modules/cldr-$package-full/main" -mindepth 1 -maxdepth 1 \
        ! -name en ! -name de ! -name fr ! -name sw -exec rm -rf {} +
done
cp package-lock.json "$stamp"
