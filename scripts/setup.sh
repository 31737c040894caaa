#!/bin/sh
# Installs what the tests need besides Rust: the tools that the commands of the
# documentation use, and the languages of its code for receivers. On Debian as root it
# does so; otherwise it says what to install.
set -u

missing=
# need PROGRAM PACKAGE
need() {
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

need curl curl
need openssl openssl
need python3 python3
need node nodejs
need php php-cli
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "setup: the tests need more programs; on Debian and Ubuntu: apt-get install$missing" >&2
  exit 1
fi
# The names of packages, one word each.
# shellcheck disable=SC2086
{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } || {
  echo "setup: apt-get could not install$missing" >&2
  exit 1
}
