#!/bin/sh
# Installs what the TypeScript library, its examples and their tests need, and builds both.
# Quick when all of it is there. Needs Node 20 or later and npm; the tests of the examples
# also need Redis and PostgreSQL, which it installs on Debian as root.
set -u
cd "$(dirname "$0")" || exit 1
examples=../../examples/typescript

fail() {
  echo "setup: $1" >&2
  exit 1
}

{ node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' && npm --version; } >/dev/null 2>&1 ||
  fail "the TypeScript library needs Node 20 or later with npm: https://nodejs.org"

missing=
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
if [ -n "$missing" ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    fail "the tests of the examples need more programs; on Debian and Ubuntu: apt-get install$missing"
  fi
  # The tests start servers of their own: the packages must neither start nor make any.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  RUNLEVEL=1
  export RUNLEVEL
  # The names of packages, one word each.
  # shellcheck disable=SC2086
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } ||
    fail "apt-get could not install$missing"
fi

# install FOLDER: what its lock file says, unless it is there.
install() {
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] ||
    (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || fail "npm could not install the packages of $1"
}

# is_newer RESULT SOURCE...: whether a source changed after this was built, or it never was.
is_newer() {
  [ -e "$1" ] || return 0
  result=$1
  shift
  [ -n "$(find "$@" -newer "$result" | head -n 1)" ]
}

install .
if is_newer dist-test/.built src test build.js package.json package-lock.json tsconfig.json tsconfig.cjs.json tsconfig.test.json; then
  npm run --silent build || fail "the library does not build"
fi

install "$examples"
if (cd "$examples" && is_newer workers/dist/worker.js build.sh package-lock.json next/app next/instrumentation.ts \
  next/next.config.ts next/tsconfig.json workers/worker.ts ../../receivers/typescript/dist-test/.built); then
  "$examples/build.sh" || fail "the examples of Next.js and Workers do not build"
fi
