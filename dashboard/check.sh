#!/bin/sh
# Every check of the dashboard: format, lints, types, whether the built files in
# crates/waxwing-api/dashboard are those of this source, how large they are, and the tests in
# Chromium against the built server. Prints a line "test result: …" for the run of tests.
set -u
cd "$(dirname "$0")" || exit 1
built=../crates/waxwing-api/dashboard
status=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# step NAME COMMAND...: shows what a check says only when it fails.
step() {
  name=$1
  shift
  "$@" >"$work/log" 2>&1 && echo "dashboard: $name: ok" && return
  cat "$work/log"
  echo "dashboard: $name: FAILED" >&2
  status=1
}

# The files that are committed, and embedded, come from this source and these packages.
same_build() {
  npm run --silent build -- --outDir "$work/built" --logLevel warn && diff -r "$work/built" "$built" && return
  echo "$built is not what this source builds: run npm run build in dashboard/, and commit it"
  return 1
}

# All files together, as a server sends them.
small() {
  node build/sizes.js "$built"
}

tests() {
  result=ok
  npm test --silent >"$work/log" 2>&1 || result=FAILED
  [ "$result" = ok ] || { status=1 && cat "$work/log"; }
  awk -v result="$result" '
    $2 == "passed" { passed = $1 }
    $2 == "failed" || $2 == "flaky" || $2 == "interrupted" { failed += $1 }
    $2 == "skipped" || ($2 == "did" && $3 == "not") { ignored += $1 }
    END {
      if (passed == 0 && failed == 0) { result = "FAILED"; failed = 1 }
      printf "test result: %s. %d passed; %d failed; %d ignored;\n", result, passed, failed, ignored
    }
  ' "$work/log"
}

./setup.sh || exit 1
step "types of the API" npm run --silent types
step "lint and format" npm run --silent lint
step "built files" same_build
step "size" small
cargo build --quiet -p waxwing --manifest-path ../Cargo.toml || exit 1
tests
exit "$status"
