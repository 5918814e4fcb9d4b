#!/bin/sh
# Fetches the device detection data that data/requirements.txt locks:
#   data/packages/device_detector           rules and names (the build needs them)
#   data/packages/device_detector-fixtures  test cases (only tests need them)
# Does nothing when both are there for the present lock. `--rules-only` leaves the test cases out.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
lock="$root/data/requirements.txt"
packages="$root/data/packages"
python=${PYTHON:-python3}

want=$(sha256sum "$lock" | cut -d' ' -f1)
have() { [ "$(cat "$packages/$1.lock" 2>/dev/null || true)" = "$want" ]; }

scratch=
cleanup() { if [ -n "$scratch" ]; then rm -rf "$scratch"; fi; }
trap cleanup EXIT INT TERM

# fetch <directory> <pip option for the kind of package> <path inside the package>
fetch() {
    if have "$1"; then return; fi
    mkdir -p "$packages"
    # Nothing here belongs to the project's own history.
    echo '*' >"$packages/.gitignore"
    scratch=$(mktemp -d "$packages/fetch.XXXXXX")
    echo "fetching $1"
    "$python" -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
        "$2" --dest "$scratch/download" --requirement "$lock"
    mkdir "$scratch/content"
    for file in "$scratch"/download/*; do
        case "$file" in
        *.whl) "$python" -m zipfile -e "$file" "$scratch/content" ;;
        *.tar.gz) tar -xzf "$file" -C "$scratch/content" --strip-components=1 ;;
        esac
    done
    rm -rf "${packages:?}/$1" "$packages/$1.lock"
    mv "$scratch/content/$3" "$packages/$1"
    echo "$want" >"$packages/$1.lock"
    rm -rf "$scratch"
    scratch=
}

fetch device_detector --only-binary=:all: device_detector
if [ "${1:-}" != "--rules-only" ]; then
    fetch device_detector-fixtures --no-binary=:all: device_detector/tests/fixtures
fi
