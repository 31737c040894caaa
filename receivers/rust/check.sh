#!/bin/sh
# Checks that the crate could be published as it is, that each feature stands by itself, and that
# the bench still runs. Tests and lints with all features are those of the workspace.
set -eu
cd "$(dirname "$0")"

fail() {
  echo "receivers/rust: $*" >&2
  exit 1
}

# Runs Cargo for the crate: without a network if everything is there, as it is after a build of
# the workspace; otherwise with one, and then it says what is wrong.
cargo_for() {
  subcommand=$1
  shift
  set -- "${CARGO:-cargo}" "$subcommand" --quiet --locked --package waxwing-receiver "$@"
  CARGO_NET_OFFLINE=true "$@" 2>/dev/null || "$@"
}

for feature in "" ed25519 tower axum; do
  echo "receivers/rust: with ${feature:-no feature}"
  cargo_for clippy --lib --features "$feature" -- -D warnings
done

cargo_for run --features ed25519 --example bench -- --quick

# What is packed is what `include` names: Cargo says nothing of a file that is not there.
list=$(cargo_for package --allow-dirty --list)
for file in CHANGELOG.md Cargo.toml LICENSE README.md examples/bench.rs src/lib.rs; do
  echo "$list" | grep -qx "$file" || fail "$file is not in the package"
done
if echo "$list" | grep -q '^tests/'; then
  fail "the tests are in the package, and the vectors that they read are not"
fi

echo "receivers/rust: packed, and built from what was packed"
cargo_for package --allow-dirty
