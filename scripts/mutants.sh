#!/bin/sh
# Breaks a copy of the program in each of the ways of sim/mutants, and has the simulation hunt
# until it finds out. Prints a table of what was found, by which seed; fails if a mutant
# lives through SEEDS histories. Names of mutants as arguments run those alone.
set -eu
cd "$(dirname "$0")/.."

root=$(pwd)
cargo=${CARGO:-cargo}
seeds=${SEEDS:-1000}
work=$root/target/mutants
tree=$work/tree
patches=$root/sim/mutants
status=0
# A mutant may leave something unused.
export RUSTFLAGS="-A warnings"

# Only what differs is copied, so that no more than that is built anew.
git ls-files -- Cargo.toml Cargo.lock rust-toolchain.toml crates examples receivers sim |
  while read -r file; do
    if ! cmp -s "$file" "$tree/$file"; then
      mkdir -p "$tree/$(dirname "$file")"
      cp "$file" "$tree/$file"
    fi
  done

hunt() {
  patch --silent --directory="$tree" --strip=1 <"$patches/$1.patch"
  (cd "$tree" && CARGO_TARGET_DIR="$work/target" $cargo build --quiet -p waxwing-sim)
  said=$("$work/target/debug/sim" hunt --seeds "$seeds" 2>&1) || true
  patch --silent --directory="$tree" --strip=1 --reverse <"$patches/$1.patch"
  found=$(echo "$said" | sed -n 's/^seed \([0-9]*\) breaks \(rule [^:]*\):.*/\1 \2/p')
  if [ -z "$found" ]; then
    printf '%-36s nothing in %s histories\n' "$1" "$seeds"
    return 1
  fi
  printf '%-36s %5s  %s\n' "$1" "${found%% *}" "${found#* }"
  echo "$said" | sed -n 's/^seed [0-9]* breaks rule [^:]*: /    /p'
}

if [ $# -eq 0 ]; then
  for patch in "$patches"/*.patch; do
    set -- "$@" "$(basename "$patch" .patch)"
  done
fi
printf '%-36s %5s  %s\n' mutant seed 'what it breaks'
for name; do
  hunt "$name" || status=1
done
exit $status
