# Needs Python 3.11 or newer and git, nothing else: every target does its own set-up and may be run again.
# Pass options on with ARGS: make demo ARGS="--seed 3 --no-serve", make test ARGS="-k money"

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
LOCKED := $(INSTALL) --require-hashes --compile-bytecode
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --custom-compile-command "make lock"

.PHONY: help demo test slow lint format bench rules scale pods slos soak lock dist wheel clean
.DEFAULT_GOAL := help

help:  ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/run  ## Make up a company's bill, allocate it, alert, report, and serve the pages
	@$(BIN)/costwatch demo $(ARGS)

test: .venv/dev  ## Run the tests; installs Debian's Chromium, Java, MariaDB, PostgreSQL and Prometheus where it may
	@.ci/test "not slow" $(ARGS)

slow: .venv/dev  ## Run the tests that take longest, which `make test` leaves out
	@.ci/test slow $(ARGS)

lint: .venv/dev  ## Check formatting, style, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev  ## Format the code and mend what can be mended safely
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/dev  ## Measure CPU time of the commands people wait for
	@$(BIN)/python bench/start.py

rules: .venv/dev  ## Measure ten thousand rules by team and service over thirteen months
	@$(BIN)/python bench/rules.py $(ARGS)

scale: .venv/dev  ## Measure a bill of ten million lines beside bare engines (ARGS="--lines 1M --rounds 1")
	@$(BIN)/python bench/ledger.py $(ARGS)

pods: .venv/dev  ## Measure a month of ten thousand pods split, and of 1,440 collected from Prometheus (ARGS="--rounds 1")
	@$(BIN)/python bench/allocation.py $(ARGS)
	@$(BIN)/python bench/usage_collect.py $(ARGS)

slos: .venv/dev  ## Measure ninety days of two hundred SLOs kept and asked, and a collection (ARGS="--slos 20")
	@$(BIN)/python bench/slo.py $(ARGS)

soak: .venv/dev  ## Run the long loops whole (kill -9 and the like), or those of one file (PART=kill, spark, …)
	COSTWATCH_SOAK=1 $(BIN)/pytest -n 2 -m soak $(if $(PART),tests/*/test_$(PART).py) $(ARGS)

dist: .venv/dev  ## Build wheel and source archive into dist/
	@rm -rf dist
	$(BIN)/hatchling build

wheel: dist  ## Install the built wheel in a clean environment and start it
	@.ci/wheel

lock: .venv/uv  ## Write both locks anew from pyproject.toml; ARGS=--upgrade for newer versions
	$(COMPILE) pyproject.toml --group build --output-file requirements.lock $(ARGS)
	$(COMPILE) pyproject.toml --group dev --constraints requirements.lock --output-file requirements-dev.lock $(ARGS)

clean:  ## Remove the environment and what was built
	rm -rf .venv dist

# Each stamp is touched last: an interrupted set-up is taken up again by the next run.
.venv/uv: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("costwatch needs Python 3.11 or newer; name one: make PYTHON=python3.12" \
		if sys.version_info < (3, 11) else 0)'
	@echo "Setting up .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock >.venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@touch $@

.venv/run: .venv/uv pyproject.toml
	@echo "Installing costwatch and what it runs on"
	@$(LOCKED) -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/run requirements-dev.lock
	@echo "Installing what its tests need"
	@$(LOCKED) -r requirements-dev.lock
	@touch $@
