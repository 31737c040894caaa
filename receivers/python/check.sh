#!/bin/sh
# Every check of the Python library and its examples: lint, format, types, tests, the benchmark,
# and whether the package could be published. Prints the tests' sum as "test result:", and fails
# if anything fails.
set -u
cd "$(dirname "$0")" || exit 1
./setup.sh || exit 1

bin=$(cd ../../target/receivers/python/bin && pwd) || exit 1
examples=../../examples/python
status=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# step NAME COMMAND...: shows what a check says only when it fails.
step() {
  name=$1
  shift
  "$@" >"$work/log" 2>&1 && echo "python: $name: ok" && return
  cat "$work/log"
  echo "python: $name: FAILED" >&2
  status=1
}

# What would be published, built from what is here without fetching anything.
package() {
  "$bin/python" -m build --no-isolation --outdir "$work/dist" . &&
    "$bin/twine" check --strict "$work"/dist/*
}

# The tests of the library and of the examples; shows those that failed, and the sum.
tests() {
  "$bin/python" -m pytest --junit-xml "$work/junit.xml" -o cache_dir="$work/pytest" tests "$examples/tests" >"$work/log" 2>&1 || {
    cat "$work/log"
    status=1
  }
  "$bin/python" - "$work/junit.xml" <<'SUM'
import sys
import xml.etree.ElementTree as tree

try:
    suite = tree.parse(sys.argv[1]).getroot().find("testsuite").attrib
except (OSError, tree.ParseError):
    sys.exit(print("test result: FAILED. 0 passed; 1 failed; 0 ignored;"))
tests, failures, errors, skipped = (int(suite[n]) for n in ("tests", "failures", "errors", "skipped"))
failed = failures + errors
result = "FAILED" if failed else "ok"
print(f"test result: {result}. {tests - failed - skipped} passed; {failed} failed; {skipped} ignored;")
SUM
}

step "lint" "$bin/ruff" check --no-cache . "$examples"
step "format" "$bin/ruff" format --no-cache --check . "$examples"
step "types of the library" "$bin/mypy" --cache-dir "$work/mypy" src tests bench.py
step "types of the examples" "$bin/mypy" --cache-dir "$work/mypy" "$examples"/*.py "$examples"/compatibility/*.py "$examples"/tests/*.py
tests
step "benchmark" "$bin/python" bench.py --quick
step "package" package
exit "$status"
