#!/bin/sh
# Builds the examples that do not run as they are: the one of Next.js and the one of Workers.
set -eu
cd "$(dirname "$0")"

(cd next && NEXT_TELEMETRY_DISABLED=1 ../node_modules/.bin/next build >.build.log 2>&1) || {
  cat next/.build.log >&2
  exit 1
}
# As wrangler does it: one file, and of the library what is for runtimes other than Node.
node_modules/.bin/esbuild workers/worker.ts --bundle --format=esm --conditions=workerd,worker \
  --outfile=workers/dist/worker.js --log-level=warning
