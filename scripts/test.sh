#!/bin/sh
# Runs every check and every test. Ends with the plain line
# "N passed, M failed, K skipped": the sum of all "test result:" lines, and 1 failed
# for each step that failed without such a line (a lint, a program that does not compile,
# a tool that is missing).
set -u
cd "$(dirname "$0")/.." || exit 1

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target" || exit 1
work=$(mktemp -d "$target/test.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
CARGO_TERM_COLOR=never
export CARGO_TERM_COLOR
status=0
broken=0
: >"$work/all"

# Shows a step's output, keeps its results, and notes whether it failed.
step() {
  { "$@" 2>&1; echo $? >"$work/status"; } | tee "$work/step"
  grep '^test result: ' "$work/step" >>"$work/all"
  if [ "$(cat "$work/status")" -ne 0 ]; then
    status=1
    grep -q '^test result: FAILED' "$work/step" || broken=$((broken + 1))
  fi
}

step scripts/setup.sh
step make --no-print-directory lint
step scripts/lint-deploy.sh
for language in typescript python php rust; do
  step "receivers/$language/check.sh"
done
step dashboard/check.sh
step cargo test --workspace --no-fail-fast
step scripts/schemathesis.sh

awk -v failed="$broken" '
  {
    for (i = 2; i <= NF; i++) {
      if ($i == "passed;") passed += $(i - 1)
      if ($i == "failed;") failed += $(i - 1)
      if ($i == "ignored;") skipped += $(i - 1)
    }
  }
  END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }
' "$work/all"
exit "$status"
