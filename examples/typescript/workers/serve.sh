#!/bin/sh
# Runs the worker that build.sh made, on PORT of the loopback.
set -eu
cd "$(dirname "$0")"
: "${WEBHOOK_SECRETS:?set it to the secret of the webhook}"
workerd=$(node -p 'require("workerd").default')
exec "$workerd" serve workerd.capnp --socket-addr "http=127.0.0.1:${PORT:-3000}"
