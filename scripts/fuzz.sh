#!/bin/sh
# Runs every fuzz target (crates/waxwing-fuzz) under libFuzzer for SECONDS_EACH seconds,
# or those that are named: scripts/fuzz.sh urls json. Inputs that led somewhere new are
# kept in fuzz/corpus/<target>, those that broke something in fuzz/artifacts/<target>.
#
# Needs the toolchain of the project and a C++ compiler, but neither a nightly toolchain
# nor cargo-fuzz: what those add is AddressSanitizer, and there is no unsafe code here.
set -eu
cd "$(dirname "$0")/../fuzz"

seconds=${SECONDS_EACH:-30}
case $seconds in '' | *[!0-9]*) echo "SECONDS_EACH must be a number, not \"$seconds\"" >&2 && exit 2 ;; esac

# The flags of cargo-fuzz without a sanitizer. With --target they reach the code that is
# fuzzed but not the build scripts, which would not link.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 \
  -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
  -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares"
export RUSTFLAGS
target=${CARGO_TARGET_DIR:-../target}/fuzz
${CARGO:-cargo} build --release --locked --bins --target "$host" --target-dir "$target"

[ $# -gt 0 ] || for file in fuzz_targets/*.rs; do set -- "$@" "$(basename "$file" .rs)"; done
for name; do
  if [ ! -f "fuzz_targets/$name.rs" ]; then
    echo "there is no target \"$name\"; fuzz/fuzz_targets holds a file for each" >&2
    exit 2
  fi
  mkdir -p "corpus/$name" "artifacts/$name"
  log=$target/$name.log
  if ! "$target/$host/release/$name" "corpus/$name" -dict="../crates/waxwing-fuzz/words/$name.dict" \
    -artifact_prefix="artifacts/$name/" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
    -max_total_time="$seconds" -print_final_stats=1 >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "$name: something does not hold; the input is in fuzz/artifacts/$name" >&2
    exit 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "$name: $runs inputs in $seconds s, $(find "corpus/$name" -type f | wc -l) kept"
done
