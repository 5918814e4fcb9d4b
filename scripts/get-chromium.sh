#!/usr/bin/env bash
# Makes sure that there is a Chromium for the browser tests: TAKWIMU_CHROMIUM, or Debian's package, installed when missing.
set -euo pipefail

if [ -x "${TAKWIMU_CHROMIUM:-/usr/bin/chromium}" ]; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "missing: Chromium; install it (Debian: apt-get install chromium) or name one in TAKWIMU_CHROMIUM" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
