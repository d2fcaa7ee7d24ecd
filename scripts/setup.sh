#!/usr/bin/env bash
# Sets up everything `make demo` (or, with --dev, `make test`) needs. Safe to repeat; fast when all is there.
# Packages come from wherever pip, npm and apt of this machine are set to take them.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .make
rm -f .make/apt-lists
. scripts/say.sh

extra=runtime
[ "${1:-}" = "--dev" ] && extra=dev

. scripts/python.sh
. scripts/node.sh
. scripts/browser.sh

ensure_python "$extra"
ensure_bundle
ensure_browser
if [ "$extra" = dev ]; then
    . scripts/postgres.sh
    ensure_postgres
fi
