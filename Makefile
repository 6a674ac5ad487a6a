# Shenava's habits. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := shared services/ingestor services/sentiment services/router services/sla-watcher services/metrics-api
SOURCES := shared/src $(wildcard services/*/src) services/sentiment/training tests benchmarks
CLOCK_SPEED ?= 5400
# A checkout's Python files are compiled once at install, so that ten processes need not do it side by side.
# The system's certificates, as pip uses them: some networks have an authority of their own.
UV := $(BIN)/uv --no-config --quiet --system-certs

##@ Using it

.PHONY: demo
demo: $(VENV)/.installed ## Set everything up, run the loop on the sample mentions, show the summary
	$(BIN)/python -m shenava.dev demo --clock-speed $(CLOCK_SPEED)

.PHONY: up
up: $(VENV)/.installed ## Keep the whole stack running until Ctrl-C (real clock; CLOCK_SPEED=5400 make up to hurry)
	$(BIN)/python -m shenava.dev up --clock-speed $(if $(filter command environment,$(origin CLOCK_SPEED)),$(CLOCK_SPEED),1)

##@ Changing it

.PHONY: test
test: lint types boundaries ## Everything: lint, types, boundaries and all tests on real Kafka and PostgreSQL
	$(BIN)/python -m pytest $(TESTS)

.PHONY: test-fast
test-fast: $(VENV)/.installed ## The tests that need no servers (under a minute)
	$(BIN)/python -m pytest tests/unit tests/property -m "not servers"

.PHONY: chaos
chaos: $(VENV)/.installed ## Every fault in its long form, under load; prints what each cost (ARGS="--only killed --seed 7")
	PYTHONPATH=tests $(BIN)/python tests/chaos_run.py $(ARGS)
	SHENAVA_CHAOS_SCALE=20 $(BIN)/python -m pytest tests/chaos/test_deadline_storm.py tests/chaos/test_deadline_race.py

.PHONY: soak
soak: $(VENV)/.installed ## A million events through everything: CPU per event and memory on the way (ARGS="--events 50000")
	$(BIN)/python benchmarks/soak.py $(ARGS)

.PHONY: eval
eval: $(VENV)/.installed ## How good the model is on the texts that were held out, per language (FILES="my/*.ndjson")
	$(BIN)/sentiment evaluate $(or $(FILES),$(addprefix services/sentiment/training/texts/held-out/,intents.ndjson sentiment-hard.ndjson))

.PHONY: lint
lint: $(VENV)/.installed ## ruff: lint and format, checked
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(VENV)/.installed ## mypy, strict, over sources and tests
	$(BIN)/mypy $(SOURCES)

.PHONY: boundaries
boundaries: $(VENV)/.installed ## import-linter: pure modules do no I/O, no service imports another
	$(BIN)/lint-imports --config .importlinter --no-logo

.PHONY: fmt
fmt: $(VENV)/.installed ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: golden
golden: $(VENV)/.installed ## Write the golden files anew (read the diff before you commit it)
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q tests -k golden

.PHONY: api
api: $(VENV)/.installed ## Write the OpenAPI and AsyncAPI files in docs/api anew
	$(BIN)/ingestor openapi --write docs/api/ingestor.openapi.json
	$(BIN)/router openapi --write docs/api/router.openapi.json
	$(BIN)/metrics-api openapi --write docs/api/metrics-api.openapi.json
	$(BIN)/shenava asyncapi --write docs/api/asyncapi.yaml

.PHONY: bench
bench: $(VENV)/.installed .venv-bench/faststream/.installed .venv-bench/quix/.installed ## Ratios to the peers, measured side by side in one run
	$(BIN)/python benchmarks/transport.py
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/idle_memory.py
	$(BIN)/python benchmarks/deadline_storm.py

.PHONY: lock
lock: $(VENV)/.installed ## Resolve the hashed locks in requirements/ anew (ARGS=--upgrade for newer versions)
	PATH="$(abspath $(BIN)):$$PATH" requirements/compile $(ARGS)

.PHONY: clean
clean: ## Remove what was built here (the cache of Kafka's jars stays)
	rm -rf $(VENV) .venv-bench .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .shenava
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

##@ Behind them

$(BIN)/uv: requirements/installer.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Shenava needs Python 3.11 or newer; name one with PYTHON=...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.lock
	@touch $@

$(VENV)/.installed: $(BIN)/uv requirements/dev.lock $(addsuffix /pyproject.toml,$(MEMBERS))
	@$(UV) pip sync --python $(BIN)/python --require-hashes --compile-bytecode requirements/installer.lock requirements/dev.lock \
	|| { echo "uv cannot fetch them; trying pip, which knows your pip.conf ..."; \
	     $(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.lock; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation $(addprefix -e ./,$(MEMBERS))
	@touch $@

.venv-bench/%/.installed: $(BIN)/uv requirements/bench-%.lock
	@$(UV) venv --clear .venv-bench/$*
	@$(UV) pip sync --python .venv-bench/$*/bin/python --require-hashes requirements/bench-$*.lock
	@touch $@

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
