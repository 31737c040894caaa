#!/bin/sh
# Makes a Python environment with these very packages, unless it is there already; on
# Debian as root it installs Python for it: scripts/venv.sh FOLDER NAME==VERSION...
set -u
venv=$1
shift

if [ "$*" = "$(cat "$venv/packages" 2>/dev/null)" ] && "$venv/bin/python" -c '' 2>/dev/null; then
  exit 0
fi

fail() {
  echo "venv: $1" >&2
  exit 1
}

install_packages() {
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    fail "needs python3 with its venv module; on Debian and Ubuntu: apt-get install $*"
  fi
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y "$@"; } ||
    fail "apt-get could not install $*"
}

command -v python3 >/dev/null 2>&1 || install_packages python3 python3-venv
python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
rm -rf "$venv"
python3 -m venv "$venv" || fail "python3 -m venv failed"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" ||
  fail "pip could not install $*"
echo "$*" >"$venv/packages"
