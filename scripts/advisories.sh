#!/bin/sh
# Looks the locked dependencies up in the RustSec advisory database: with cargo-deny if it is
# installed, else with scripts/advisories.py and a clone of the database, or the one that
# ADVISORY_DB names. Ends with 0 only when a database was read and has nothing against them;
# with 3 when there was none to ask, so that nobody takes silence for a clean answer.
# docs/internals/advisories.md keeps the last answer.
set -eu
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
source=https://github.com/rustsec/advisory-db

cannot() {
  echo "advisories: not asked, the RustSec database cannot be reached: $source" >&2
  echo "clone it where it can be, and name the clone: make advisories ADVISORY_DB=path" >&2
  exit 3
}

if [ -z "${ADVISORY_DB:-}" ]; then
  if command -v cargo-deny >/dev/null 2>&1; then
    "$cargo" deny fetch db || cannot
    exec "$cargo" deny check --disable-fetch advisories
  fi
  ADVISORY_DB=${CARGO_TARGET_DIR:-target}/advisory-db
  rm -rf "$ADVISORY_DB"
  GIT_TERMINAL_PROMPT=0 git clone --quiet --depth 1 "$source" "$ADVISORY_DB" || cannot
fi
exec scripts/advisories.py "$ADVISORY_DB" Cargo.lock fuzz/Cargo.lock
