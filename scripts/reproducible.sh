#!/bin/sh
# Builds the commit that is checked out twice, in two places, and compares: a release that
# anybody can build again to the byte cannot hide anything. Takes two whole release builds.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
work=$(mktemp -d "$(cd "$target" && pwd)/reproducible.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

for place in one another-place/with/a-longer-path; do
  mkdir -p "$work/$place"
  git archive HEAD | tar -x -C "$work/$place"
  (cd "$work/$place" && CARGO_TARGET_DIR="$work/$place/target" scripts/release.sh dist)
  rm -rf "$work/$place/target" # two of them would take twice the room
done
echo "commit $(git rev-parse HEAD), $(rustc --version), $(rustc -vV | sed -n 's/^host: //p')"
if cmp "$work/one/dist/SHA256SUMS" "$work/another-place/with/a-longer-path/dist/SHA256SUMS"; then
  echo "both builds are the same"
else
  echo "the builds differ; compare them with diffoscope" >&2
  exit 1
fi
