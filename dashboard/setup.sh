#!/bin/sh
# Installs what the dashboard's build and its tests need. Quick when all of it is there. Needs
# Node 20.19 or later and npm, openssl, sqlite3, and Debian's Chromium, which it installs as root.
set -u
cd "$(dirname "$0")" || exit 1

fail() {
  echo "setup: $1" >&2
  exit 1
}

at_least='const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
{ node -e "$at_least" && npm --version; } >/dev/null 2>&1 ||
  fail "the dashboard needs Node 20.19 or later with npm: https://nodejs.org"

missing=
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v sqlite3 >/dev/null 2>&1 || missing="$missing sqlite3"
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing="$missing chromium"
if [ -n "$missing" ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    fail "the dashboard's tests need more programs; on Debian: apt-get install$missing. CHROMIUM names another Chromium"
  fi
  # The names of packages, one word each.
  # shellcheck disable=SC2086
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing fonts-dejavu-core; } ||
    fail "apt-get could not install$missing"
fi

[ node_modules/.package-lock.json -nt package-lock.json ] ||
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error ||
  fail "npm could not install the dashboard's packages"
