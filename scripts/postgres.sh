#!/bin/sh
# Runs a throw-away PostgreSQL on the loopback until it is interrupted: for trying Waxwing
# on it, and for the bench. Port 5433 unless PORT says otherwise; durable as a real one is.
set -eu

port=${PORT:-5433}
# Debian keeps PostgreSQL's programs out of the PATH, by version: the last one counts.
programs=
for folder in /usr/lib/postgresql/*/bin; do
  [ -x "$folder/postgres" ] && programs=$folder
done
[ -n "$programs" ] || programs=$(dirname "$(command -v postgres)")
folder=$(mktemp -d "${TMPDIR:-/tmp}/waxwing-postgres.XXXXXX")
trap 'rm -rf "$folder"' EXIT

# PostgreSQL refuses to run as root.
as=
if [ "$(id -u)" -eq 0 ]; then
  chown postgres:postgres "$folder"
  as="setpriv --reuid=postgres --regid=postgres --clear-groups --"
fi
cd "$folder"
# One word each.
# shellcheck disable=SC2086
$as "$programs/initdb" -D "$folder/data" -U waxwing -A trust -E UTF8 --locale=C >initdb.log
echo "postgres://waxwing@127.0.0.1:$port/postgres"
# shellcheck disable=SC2086
$as "$programs/postgres" -D "$folder/data" -c port="$port" -c listen_addresses=127.0.0.1 \
  -c unix_socket_directories= -c shared_buffers="${SHARED_BUFFERS:-1GB}" -c max_wal_size=4GB \
  >postgres.log 2>&1 &
server=$!
trap 'kill -INT "$server"; wait "$server"' INT TERM
wait "$server" || true
