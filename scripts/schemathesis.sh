#!/bin/sh
# Runs Schemathesis against the server's own OpenAPI document: every documented route,
# with examples, boundary values and random data, must answer as it says, whoever asks: an
# operator, a publisher, an account, one that may only read, and somebody without a key.
# Counts as one test. BINARY names another program than the one built here.
set -u
cd "$(dirname "$0")/.." || exit 1

version=4.32.5
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target" || exit 1
target=$(cd "$target" && pwd)
venv=$target/venv
server=
work=

end() {
  code=$?
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
  fi
  if [ "$code" -ne 0 ] && [ -s "$work/log" ]; then
    echo "the server's log ended with:"
    tail -n 40 "$work/log"
  fi
  [ -z "$work" ] || rm -rf "$work"
  if [ "$code" -eq 0 ]; then
    echo "test result: ok. 1 passed; 0 failed; 0 ignored; schemathesis"
  else
    echo "test result: FAILED. 0 passed; 1 failed; 0 ignored; schemathesis"
  fi
}
trap end EXIT
trap 'exit 130' INT TERM

fail() {
  echo "schemathesis: $1" >&2
  exit 1
}

# Waits until the server is ready, at most 30 s, and not when it has ended.
await_ready() {
  tries=0
  until fetch GET /readyz >/dev/null 2>&1; do
    tries=$((tries + 1))
    kill -0 "$server" 2>/dev/null || fail "the server ended before it was ready"
    [ "$tries" -lt 300 ] || fail "the server was not ready within 30 s"
    sleep 0.1
  done
}

# fetch METHOD PATH [BODY]: prints the answer's body; fails unless it is a 2xx.
fetch() {
  "$venv/bin/python" - "$base$2" "$1" "$key" "${3-}" <<'PYTHON'
import sys
import urllib.request

url, method, key, body = sys.argv[1:]
headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
request = urllib.request.Request(url, body.encode() or None, headers, method=method)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with opener.open(request, timeout=5) as answer:
    print(answer.read().decode())
PYTHON
}

scripts/venv.sh "$venv" "schemathesis==$version" || exit 1
if [ -z "${BINARY-}" ]; then
  cargo build --workspace --bin waxwing || fail "the server does not build"
  BINARY=$target/debug/waxwing
fi

work=$(mktemp -d) || exit 1
port=$("$venv/bin/python" -c '
import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])') || fail "found no free port"
random=$("$venv/bin/python" -c 'import secrets; print(secrets.token_hex(16))') || fail "python3 failed"
base=http://127.0.0.1:$port
key=test_operator_$random
account=schemathesis-$random

# Without bounds of how often one may ask: they would answer in place of the routes.
WAXWING_LISTEN=127.0.0.1:$port WAXWING_DATABASE=sqlite:$work/waxwing.db WAXWING_OPERATOR_KEY=$key \
  WAXWING_MAX_AUTH_FAILURES_PER_MINUTE=0 WAXWING_MAX_ACCOUNT_KEY_REQUESTS_PER_SECOND=0 \
  "$BINARY" serve >"$work/log" 2>&1 </dev/null &
server=$!
await_ready
fetch POST /api/accounts "{\"id\":\"$account\"}" >/dev/null || fail "could not create an account"

# new_key PATH ROLE: makes a key and prints it.
new_key() {
  fetch POST "$1" "{\"role\":\"$2\"}" | sed -n 's/.*"key":"\([^"]*\)".*/\1/p' | grep . ||
    fail "could not make a key for $2"
}

# run_as ROLE EXAMPLES HEADER...: from the script's own directory, where it may leave what it
# likes. Left out:
#   positive_data_acceptance  some data that fits the schema is rightly refused: a URL that is
#                             not public, an id that is taken, a cursor that was never given
run_as() {
  role=$1 examples=$2
  shift 2
  echo "schemathesis: as $role"
  NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 "$venv/bin/schemathesis" run "$base/openapi.json" "$@" \
    --checks all --exclude-checks positive_data_acceptance \
    --phases examples,coverage,fuzzing --max-examples "$examples" --seed 1 \
    --generation-database none --request-timeout 10 --workers 1 --no-color </dev/null ||
    fail "the API does not answer $role as its OpenAPI document says, see above"
  kill -0 "$server" 2>/dev/null || fail "the server ended during the run as $role"
}

publisher=$(new_key /api/keys publisher) || exit 1
owner=$(new_key "/api/accounts/$account/keys" account) || exit 1
reader=$(new_key "/api/accounts/$account/keys" account_read_only) || exit 1
cd "$work" || exit 1
run_as operator 20 --header "Authorization: Bearer $key" --header "Waxwing-Account: $account"
run_as account 10 --header "Authorization: Bearer $owner"
# These are refused on most routes, whatever they send.
run_as account_read_only 5 --header "Authorization: Bearer $reader"
run_as publisher 5 --header "Authorization: Bearer $publisher"
run_as nobody 5
