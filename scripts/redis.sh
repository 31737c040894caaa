#!/bin/sh
# Makes sure that redis-server is there, which the examples of deduplication are tested with:
# on Debian as root it is installed, otherwise this says what to install.
set -u

command -v redis-server >/dev/null 2>&1 && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "redis: the tests need redis-server; on Debian and Ubuntu: apt-get install redis-server" >&2
  exit 1
fi
# The tests start servers of their own: the package must not start one.
RUNLEVEL=1
export RUNLEVEL
{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends redis-server; } || {
  echo "redis: apt-get could not install redis-server" >&2
  exit 1
}
