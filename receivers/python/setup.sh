#!/bin/sh
# Installs what the Python library's tests and examples need: a Python environment with exact
# versions in target/receivers/python, the library itself in it, from here, and a Redis server.
set -u
cd "$(dirname "$0")/../.." || exit 1
venv=target/receivers/python
library=receivers/python

fail() {
  echo "receivers/python: $1" >&2
  exit 1
}

if ! command -v redis-server >/dev/null 2>&1; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    fail "the tests need a Redis server; on Debian and Ubuntu: apt-get install redis-server"
  fi
  # The tests start one of their own: RUNLEVEL keeps the package from starting another.
  { apt-get update -q && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends redis-server; } >&2 ||
    fail "apt-get could not install redis-server"
fi

mkdir -p target/receivers || exit 1
# One word for each package.
# shellcheck disable=SC2046
scripts/venv.sh "$venv" $(grep -v '^#' "$library/requirements.txt") || exit 1

# Installed in place, so that it needs no more than once; the copy tells what was installed.
if ! cmp -s "$library/pyproject.toml" "$venv/installed.toml"; then
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
    --no-build-isolation --editable "$library" || fail "pip could not install the library"
  cp "$library/pyproject.toml" "$venv/installed.toml" || exit 1
fi
