#!/bin/sh
# Every check of the TypeScript library and its examples. Prints a line "test result: …" for
# each run of tests, and fails if anything fails.
set -u
cd "$(dirname "$0")" || exit 1
examples=../../examples/typescript
status=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# step NAME COMMAND...: shows what a check says only when it fails.
step() {
  name=$1
  shift
  "$@" >"$work/log" 2>&1 && echo "typescript: $name: ok" && return
  cat "$work/log"
  echo "typescript: $name: FAILED" >&2
  status=1
}

# tests FOLDER: runs its tests; shows those that failed, and the sum.
tests() {
  result=ok
  (cd "$1" && npm test --silent) >"$work/log" 2>&1 || result=FAILED
  [ "$result" = ok ] || status=1
  [ "$result" = ok ] || awk '/^not ok /, /^  \.\.\.$/ { print; shown = 1 } END { exit !shown }' "$work/log" ||
    tail -n 40 "$work/log"
  awk -v result="$result" '
    $1 == "#" && $2 == "pass" { passed += $3 }
    $1 == "#" && ($2 == "fail" || $2 == "cancelled") { failed += $3 }
    $1 == "#" && ($2 == "skipped" || $2 == "todo") { ignored += $3 }
    END {
      if (passed == 0 && failed == 0) { result = "FAILED"; failed = 1 }
      printf "test result: %s. %d passed; %d failed; %d ignored;\n", result, passed, failed, ignored
    }
  ' "$work/log"
}

# What would be published: its files are all there, and every way to import it has its types.
# publint warns of `imports` in dist/cjs/package.json and errs: Node looks them up in the
# package.json nearest to a file, as the tests by require show.
package() {
  npm pack --ignore-scripts --silent --pack-destination "$work" &&
    node_modules/.bin/publint &&
    node_modules/.bin/attw --profile node16 --no-emoji "$work"/waxwing-receiver-*.tgz
}

./setup.sh || exit 1
step "lint and format of the library" npm run --silent lint
step "lint and format of the examples" npm --prefix "$examples" run --silent lint
step "types of the examples" npm --prefix "$examples" run --silent types
tests .
tests "$examples"
step "benchmark" npm run --silent bench -- --quick
step "package" package
exit "$status"
