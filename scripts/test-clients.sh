#!/usr/bin/env bash
# Runs clients that others have written against the program $1: Node packages, Python packages and a Rust crate, each
# locked by its lock file.
set -euo pipefail
cd "$(dirname "$0")/.."

program=$(realpath "$1")
folder=tests/clients
scripts/install-node-packages.sh "$folder"

venv=$folder/.venv
want=$(sha256sum "$folder/requirements.txt" | cut -d' ' -f1)
if [ "$(cat "$venv/.takwimu-lock" 2>/dev/null || true)" != "$want" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
        --requirement "$folder/requirements.txt"
    echo "$want" >"$venv/.takwimu-lock"
fi

rust=${CARGO_TARGET_DIR:-$PWD/target}/clients
CARGO_TARGET_DIR=$rust cargo build --quiet --locked --manifest-path "$folder/rust/Cargo.toml"

scratch=$(mktemp -d)
server=
cleanup() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        # It writes its last checkpoint.
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$scratch"
}
trap cleanup EXIT INT TERM

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export TAKWIMU_URL=http://127.0.0.1:$port
TAKWIMU_TOKEN=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export TAKWIMU_TOKEN
CONFORMANCE_TOKEN=$TAKWIMU_TOKEN CONFORMANCE_PASSWORD=$TAKWIMU_TOKEN \
    "$program" serve --test-mode --port "$port" --data "$scratch/data" 2>"$scratch/log" &
server=$!
for _ in $(seq 200); do
    if python3 -c "import urllib.request as r; r.urlopen('$TAKWIMU_URL/health', timeout=2)" 2>/dev/null; then break; fi
    if ! kill -0 "$server" 2>/dev/null; then
        cat "$scratch/log" >&2
        exit 1
    fi
    sleep 0.1
done

state=0
timeout 120 node "$folder/node.mjs" || state=1
timeout 120 "$venv/bin/python" "$folder/python_clients.py" || state=1
timeout 120 "$rust/debug/takwimu-client-test" || state=1
exit "$state"
