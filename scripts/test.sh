#!/usr/bin/env bash
# Runs the named parts of the tests in order, all of them even when one fails, and adds up:
#   scripts/test.sh format lint licences scripts rust conformance clients browser
# The last line is `N passed, N failed`; a part that checks without counting is one.
set -euo pipefail
cd "$(dirname "$0")/.."

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0
failed=0
report=()

run_format() { cargo fmt --all --check; }

run_lint() { cargo clippy --workspace --all-targets --profile fast --quiet -- -D warnings; }

run_licences() {
    local deny
    if ! deny=$(scripts/get-cargo-deny.sh "${TAKWIMU_CACHE:-$HOME/.cache/takwimu}"); then
        echo "not run: there is no cargo-deny for this machine"
        return 0
    fi
    # The list of known vulnerabilities is fetched from a code host, so it is a step of its own: cargo deny check advisories.
    "$deny" --log-level error --workspace check licenses bans sources
}

# The recorded scenarios are a part of their own.
run_rust() { cargo test --workspace --profile fast --no-fail-fast -- --skip recorded_scenarios; }

# The whole workspace is named so that nothing is built twice with other features.
run_conformance() {
    cargo test --workspace --profile fast --test conformance -- --nocapture --test-threads 1
}

# Types, lint and format of the tracker and of the browser tests.
run_scripts() {
    scripts/install-node-packages.sh tracker &&
        scripts/install-node-packages.sh tests/browser &&
        (cd tracker && npm run --silent check) &&
        (cd tests/browser && npm run --silent check)
}

run_browser() {
    scripts/get-chromium.sh &&
        scripts/install-node-packages.sh tracker &&
        scripts/install-node-packages.sh tests/browser &&
        (cd tracker && npm run --silent build) &&
        cargo build --workspace --profile fast --bin takwimu --quiet &&
        (cd tests/browser && npm run --silent test:tracker && npm run --silent test:accounts)
}

run_clients() {
    cargo build --profile fast --bin takwimu &&
        scripts/test-clients.sh "${CARGO_TARGET_DIR:-target}/fast/takwimu"
}

# Adds the counts that a log states: cargo's `test result:` lines, Playwright's `N passed` and `N failed`.
count() {
    awk '
        /^test result:/ { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i - 1); if ($i ~ /^failed/) f += $(i - 1) } }
        /^ +[0-9]+ passed( \(|$)/ { p += $1 }
        /^ +[0-9]+ failed$/ { f += $1 }
        END { print p + 0, f + 0 }' "$1"
}

for part in "$@"; do
    echo "== $part"
    start=$SECONDS
    state=ok
    log="$logs/$part"
    # The shell's own stop at errors is off on the left of `||`: a part with several steps joins them by `&&`.
    "run_$part" 2>&1 | tee "$log" || state=failed
    read -r part_passed part_failed < <(count "$log")
    if [ "$state" = failed ] && [ "$part_failed" = 0 ]; then
        part_failed=1
    elif [ "$state" = ok ] && [ "$part_passed" = 0 ] && ! grep -q '^not run: ' "$log"; then
        part_passed=1
    fi
    passed=$((passed + part_passed))
    failed=$((failed + part_failed))
    took=$((SECONDS - start))
    report+=("$(printf '%-12s %-7s %5d passed %3d failed  %3d min %02d s' "$part" "$state" "$part_passed" "$part_failed" $((took / 60)) $((took % 60)))")
    while read -r note; do
        report+=("             $note")
    done < <(grep -E '^(not run|recorded checks): ' "$log" || true)
done

echo
printf '%s\n' "${report[@]}"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
