# Everything from nothing: each target sets up what it needs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
EMULATOR := .cache/bigquery-emulator
EVIDENCE := warehouse/evidence
GOOGLESQL := .cache/googlesql
SUPERSET := .cache/superset
# The repository that the hub's own evidence belongs to.
HUB := ci-intelligence/hub
# Tests that need nothing but this environment, and end within minutes.
ORDINARY := not bigquery and not corpus and not googlesql and not dashboards and not torture

# Byte code is kept: without it every start of dbt would compile its libraries again.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup demo evidence dashboards dashboards-test screenshots test lint torture mutants corpus googlesql bigquery bigquery-live bench lock clean

help: ## Show what can be made.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | awk -F'|' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## Set up the environment in .venv (python3 and pip are all it needs).
	$(if $(filter $@,$(MAKECMDGOALS)),@echo "ready. Next:   source $(BIN)/activate")

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; say which with make PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@echo "setting up $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# In a file, also where the environment names a warehouse that is in use.
demo: export CI_INTEL_WAREHOUSE := duckdb:///warehouse/ci_intel.duckdb
demo: export CI_INTEL_TARGET := dev
demo: setup evidence ## From nothing to the week's scorecard: evidence, load, dbt build.
	@echo && echo "── load: real evidence of the hub itself, and the simulated fleet"
	ci-intel load $(EVIDENCE)/real --provider local --repository $(HUB) \
	    $$(git rev-parse --verify --quiet HEAD > /dev/null && echo --commit $$(git rev-parse HEAD))
	ci-intel load $(EVIDENCE)/simulated
	@echo && echo "── dbt build: raw tables → marts"
	@# The models' unit tests, on rows made up for them, are in `make test` and in a plain `dbt build`.
	dbt --quiet build --exclude-resource-type unit_test
	@# What dbt found is evidence too: loaded like any other, so that the next build shows it (marts dbt_runs, dbt_nodes).
	ci-intel load target/run_results.json --provider local --repository $(HUB)
	@echo && ci-intel scorecard
	@echo && ci-intel attention --top 5
	@echo && echo "The warehouse: $(CURDIR)/warehouse/ci_intel.duckdb (schema marts)" \
	    && echo "Next, with the environment on your path:   source $(BIN)/activate" \
	    && echo "  ci-intel load PATH… --repository OWNER/NAME     your own reports" \
	    && echo "  dbt build                                       then the marts again" \
	    && echo "  ci-intel attention · ci-intel status · ci-intel rejects · ci-intel show LOAD_ID"

evidence: setup
	@echo "── evidence: real, made by the hub about itself (its tests, their coverage, its SBOM)"
	@mkdir -p $(EVIDENCE)/real
	@python -m pytest tests/ingest -n 2 -q -m "$(ORDINARY)" -p no:cacheprovider \
	    --junitxml=$(EVIDENCE)/real/junit.xml --cov --cov-report=json:$(EVIDENCE)/real/coverage.json --cov-report= | tail -1
	@cyclonedx-py environment --output-reproducible --of JSON -o $(EVIDENCE)/real/sbom.cdx.json $(BIN)/python 2> /dev/null
	@ls -1 $(EVIDENCE)/real | sed 's/^/   real: /'
	@echo "── evidence: a simulated fleet, labelled as simulated"
	@# A later day is another past: what is there is kept, so that a second demo adds nothing.
	@test -f $(EVIDENCE)/simulated/.simulated.json && echo "   kept; make clean starts anew" \
	    || ci-intel simulate --days 90 --seed 7 --out $(EVIDENCE)/simulated

# Another port: make dashboards PORT=9000. Forgotten passwords: make dashboards NEW_PASSWORDS=1.
PORT ?= 8088
dashboards: setup $(SUPERSET)/.ready ## Superset with the dashboards on the demo's warehouse, at a local address, until Ctrl-C.
	@python -m dashboards.server --port $(PORT) $(if $(NEW_PASSWORDS),--new-passwords)

# It wants older libraries than dbt: an environment of its own.
$(SUPERSET)/.ready: dashboards/server/requirements.lock | $(VENV)/.ready
	@echo "setting up $(SUPERSET) …"
	@$(PYTHON) -m venv --clear $(SUPERSET)/venv
	@$(BIN)/uv pip install --quiet --python $(SUPERSET)/venv/bin/python --compile-bytecode --require-hashes \
	    -r dashboards/server/requirements.lock
	@touch $@

dashboards-test: setup $(SUPERSET)/.ready ## Superset from nothing, every chart against SQL, every dashboard in a browser.
	dashboards/server/install-browser.sh
	python -m pytest -m dashboards tests/dashboards

screenshots: setup $(SUPERSET)/.ready ## Pictures of the dashboards for docs/images.
	dashboards/server/install-browser.sh
	HUB_SCREENSHOTS=docs/images python -m pytest -m dashboards tests/dashboards/test_browser.py

test: setup ## Set up, then run all tests that need no other service.
	python -m pytest -n 2 --dist worksteal -m "$(ORDINARY)"

googlesql: setup $(GOOGLESQL)/.ready ## Every statement for BigQuery, read and run by GoogleSQL's own engine.
	python -m pytest -n 2 --dist loadfile -m googlesql tests/googlesql

# Its analyzer wants a newer protobuf than dbt: an environment of its own.
$(GOOGLESQL)/.ready: tests/googlesql/requirements.lock | setup
	@echo "setting up $(GOOGLESQL) …"
	@$(PYTHON) -m venv --clear $(GOOGLESQL)/venv
	@$(BIN)/uv pip install --quiet --python $(GOOGLESQL)/venv/bin/python --compile-bytecode --require-hashes \
	    -r tests/googlesql/requirements.lock
	@rm -f $(GOOGLESQL)/zetasql.compiled
	@touch $@

# The manifest that dbt-score reads is parsed without a warehouse; what environment and profile say of one is no matter of style.
lint: export CI_INTEL_TARGET := dev
lint: setup ## Style and types of Python and SQL, and what each model must have.
	ruff check .
	ruff format --check .
	mypy
	sqlfluff lint --disable-progress-bar models tests/dbt
	dbt --quiet parse
	ci-intel dashboards lint
	ci-intel dashboards exposures --check
	dbt-score lint --manifest target/manifest.json --show failing-items
	@# Workflows and the action: their shape, and what an attacker could do with them.
	check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	check-jsonschema --builtin-schema vendor.github-actions action.yml
	zizmor --offline --quiet --persona pedantic .github/workflows action.yml

torture: setup ## The long random tests: two hundred kills, random histories of current models and of marts.
	python -m pytest -n 2 --dist worksteal -m torture

# Another sample: make mutants SEED=8. All of them, within half an hour: make mutants COUNT=0.
SEED ?= 7
COUNT ?= 120
mutants: export PYTHONPATH := tests/flow
mutants: setup ## Mutants of the SQL behind ratio columns: the models' unit tests have to kill 95 %.
	python tests/mutants/run.py --seed $(SEED) --count $(COUNT)

corpus: setup ## Real outputs of real tools (HUB_CORPUS, HUB_ORACLES; default ../shared).
	python -m pytest -n 2 -m corpus

bigquery: setup $(EMULATOR)/.ready ## BigQuery's client and dbt's adapter against an emulator; the same marts as DuckDB.
	python -m pytest -n 2 --dist loadfile -m bigquery

$(EMULATOR)/.ready: $(wildcard tests/bigquery/emulator/*.lock) tests/bigquery/emulator/install.sh | $(VENV)/.ready
	@echo "installing the emulator into $(EMULATOR) …"
	@tests/bigquery/emulator/install.sh $(EMULATOR) $(PYTHON) $(BIN)/uv

# A query that would read more than this many bytes is refused; the datasets are new ones, and go at the end.
bigquery-live: export CI_INTEL_BQ_MAX_BYTES_BILLED ?= 2000000000
bigquery-live: export HUB_BIGQUERY := live
bigquery-live: setup ## The same on BigQuery itself, in CI_INTEL_BQ_PROJECT, with CI_INTEL_BQ_DATASET as prefix.
	@if [ -z "$${CI_INTEL_BQ_PROJECT:-}" ] || [ -z "$${CI_INTEL_BQ_DATASET:-}" ] || [ -n "$${CI_INTEL_BQ_ENDPOINT:-}" ]; then \
	    echo "UNPROVEN: nothing was run on BigQuery itself. Set CI_INTEL_BQ_PROJECT and CI_INTEL_BQ_DATASET," \
	        "and not CI_INTEL_BQ_ENDPOINT, which is an emulator's."; exit 1; fi
	python -m pytest -m bigquery tests/bigquery/test_parity.py

bench: setup $(EMULATOR)/.ready $(SUPERSET)/.ready ## The speed figures, as ratios against named peers, in one run.
	python benchmarks/run.py
	python benchmarks/bigquery.py
	python benchmarks/building.py
	python benchmarks/charts.py
	python benchmarks/collecting.py

lock: setup ## Resolve requirements.lock anew (hashes, no addresses).
	uv pip compile pyproject.toml --extra dev --python-version 3.11 --generate-hashes \
	    --no-header --no-emit-index-url --quiet --output-file requirements.lock --upgrade
	uv pip compile pyproject.toml action/build.in --extra bigquery --python-version 3.11 --universal --generate-hashes \
	    --no-header --no-emit-index-url --quiet --output-file action/requirements.lock --upgrade
	uv pip compile dashboards/server/requirements.in --python-version 3.11 --generate-hashes \
	    --no-header --no-emit-index-url --quiet --output-file dashboards/server/requirements.lock --upgrade

clean: ## Remove the environment, the warehouse and what was built.
	rm -rf $(VENV) .cache warehouse/* target logs dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
