# `make` lists the targets. ARGS is handed to the program: make run ARGS="--listen 127.0.0.1:9000"
.DEFAULT_GOAL := help
.PHONY: help demo run test check lint deny bench bench-report bench-plots soak fuzz sim mutants fmt docs sbom release reproducible advisories

CARGO ?= cargo
ARGS ?=
# What results of the bench say of the build.
TOLD = WAXWING_COMMIT="$$(git describe --always --dirty 2>/dev/null)" WAXWING_RUSTC="$$(rustc --version)"

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Show the whole story on this machine, and end by itself
	$(CARGO) run --release -- demo $(ARGS)

run: ## Run the server
	$(CARGO) run --release -- serve $(ARGS)

test: ## Run every check and every test; the last line is their sum
	@scripts/test.sh

check: lint ## Run the fast checks: format, lints, documentation, dependencies, rules, unit tests
	$(CARGO) test --workspace --lib --bins
	$(CARGO) test -p waxwing-rules

bench: ## Measure throughput and latency on this machine
	$(TOLD) $(CARGO) run --release -- bench $(ARGS)

bench-report: ## Run every scenario on a quiet machine, into bench/results/<date>.json
	$(TOLD) $(CARGO) run --release -- bench --output "bench/results/$$(date -u +%F).json" $(ARGS)

bench-plots: ## Draw the plots of docs/internals/benchmark.md of the results that it names
	python3 bench/plot.py "$$(sed -n 's|.*(../../\(bench/results/[^)]*\)).*|\1|p' docs/internals/benchmark.md | head -n 1)" \
	  docs/internals/benchmark

soak: ## Steady load for SECONDS=3600 at RATE=300 events/s: what must stay as it is, and nothing lost
	SOAK_SECONDS=$(or $(SECONDS),3600) SOAK_RATE=$(or $(RATE),300) $(CARGO) test --release -p waxwing --test soak -- --nocapture

fuzz: ## Fuzz what reads strangers' input, SECONDS_EACH=30 for each target; ARGS names some
	@CARGO="$(CARGO)" scripts/fuzz.sh $(ARGS)

sim: ## Hunt for lost and duplicated deliveries, SEEDS=1000 histories, or without end
	$(CARGO) run --release -p waxwing-sim -- hunt $(if $(SEEDS),--seeds $(SEEDS)) $(ARGS)

mutants: ## Break a copy in each way of sim/mutants; the simulation must find each. ARGS names some
	@CARGO="$(CARGO)" scripts/mutants.sh $(ARGS)

sbom: ## Write what the program is made of to target/waxwing.cdx.json (CycloneDX)
	@mkdir -p target
	@CARGO="$(CARGO)" scripts/sbom.py >target/waxwing.cdx.json
	@echo "target/waxwing.cdx.json"

release: ## Build a release into target/dist: the program, its list of parts, checksums
	@CARGO="$(CARGO)" scripts/release.sh

reproducible: ## Build a release twice, in two places, and compare
	@CARGO="$(CARGO)" scripts/reproducible.sh

advisories: ## Look the dependencies up in the RustSec database, where it can be reached
	@CARGO="$(CARGO)" scripts/advisories.sh

fmt: ## Format the source
	$(CARGO) fmt --all

docs: ## Build the documentation of the crates, warnings being errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --workspace

# The checks that are no tests.
lint: deny docs
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

deny:
	@if command -v cargo-deny >/dev/null 2>&1; then $(CARGO) deny check bans licenses sources; \
	else echo "cargo-deny is not installed; the rules tests check licences and duplicates"; fi
