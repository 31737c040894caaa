#!/bin/sh
# Runs an example with the server that PHP has for development: PORT=8000 WEBHOOK_SECRETS=whsec_…
# ./serve.sh plain/index.php. In production it is FPM or mod_php that runs it.
set -u
cd "$(dirname "$0")" || exit 1

if [ -z "${WEBHOOK_SECRETS:-}" ]; then
  echo "serve: WEBHOOK_SECRETS is not set: give the webhook's secret, or several with spaces between" >&2
  exit 1
fi
if [ ! -e vendor/autoload.php ]; then
  echo "serve: the library is not installed: run composer install in $PWD" >&2
  exit 1
fi

# As many requests at a time: the work behind an answer keeps a worker busy.
PHP_CLI_SERVER_WORKERS=8 php -S "127.0.0.1:${PORT:-8000}" "$1" &
server=$!
# The server leaves its workers behind when it ends. Stopped, it makes no more of them meanwhile.
# shellcheck disable=SC2046
end() {
  kill -STOP "$server"
  kill $(pgrep -P "$server") "$server"
  kill -CONT "$server"
}
trap end TERM INT
wait "$server"
