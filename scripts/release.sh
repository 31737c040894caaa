#!/bin/sh
# Builds what a release is: the program, what it is made of, and the checksums of both, in
# target/dist or the folder that is named. The same commit, toolchain and target give the
# same bytes wherever the sources lie (scripts/reproducible.sh shows it).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
out=${1:-target/dist}
cargo=${CARGO:-cargo}
home=${CARGO_HOME:-$HOME/.cargo}
target=${CARGO_TARGET_DIR:-target}

# The time of the commit; without git what the caller says, or none.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
# No path of this machine gets into the program, neither from Rust nor from the C of SQLite
# and ring, and no flag of the caller.
RUSTFLAGS="--remap-path-prefix=$root=/waxwing --remap-path-prefix=$home=/cargo"
CFLAGS="-ffile-prefix-map=$root=/waxwing -ffile-prefix-map=$home=/cargo"
export RUSTFLAGS CFLAGS
unset CARGO_ENCODED_RUSTFLAGS

"$cargo" build --release --locked --package waxwing --bin waxwing --target-dir "$target/dist-build"
mkdir -p "$out"
cp "$target/dist-build/release/waxwing" "$out/waxwing"
scripts/sbom.py >"$out/waxwing.cdx.json"
cd "$out"
sha256sum waxwing waxwing.cdx.json | tee SHA256SUMS
