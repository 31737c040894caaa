#!/bin/sh
# Installs what the tests need besides Rust: the tools that the commands of the
# documentation use, the languages of its code for receivers, a browser, a Redis for their examples, and
# what checks the unit for systemd. On Debian as root it does so; otherwise it says what to install.
set -u

missing=
# need PROGRAM PACKAGE
need() {
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

need systemd-analyze systemd
need curl curl
need openssl openssl
need python3 python3
python3 -c 'import cryptography' 2>/dev/null || missing="$missing python3-cryptography"
need node nodejs
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing="$missing chromium fonts-dejavu-core"
need php php-cli
need pgbouncer pgbouncer
need redis-server redis-server
# Debian keeps PostgreSQL's programs out of the PATH.
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "setup: the tests need more programs; on Debian and Ubuntu: apt-get install$missing" >&2
  exit 1
fi
# The tests start servers of their own: the packages must neither start nor make any.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] ||
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
RUNLEVEL=1
export RUNLEVEL
# The names of packages, one word each.
# shellcheck disable=SC2086
{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } || {
  echo "setup: apt-get could not install$missing" >&2
  exit 1
}
