# Two commands are all a newcomer needs: `make up` and `make test`. Every target prepares itself.
SHELL := /bin/bash
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
ARGS ?=
QUICK := tests/unit tests/architecture

.DEFAULT_GOAL := help
.PHONY: help up install check test bench prove lock clean

help: ## what there is to type
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

up: install ## everything on this machine: broker, database, services (ARGS="--port 8080 …")
	@exec $(BIN)/okr up $(ARGS)

install: ## prepare only: .venv, the broker's jars
	@deploy/install.sh

check: install ## lint, types, architecture, unit tests: under a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(PYTEST) -q -n auto $(QUICK)

test: check ## check, then the protocol's checker and all that needs the real broker and database
	$(PYTEST) -q $(addprefix --ignore=,$(QUICK)) tests

bench: install ## the figures of this machine, each beside its baseline of the same run
	$(PYTEST) -q -s -m bench tests

prove: install ## the long form of the chaos and property tests
	$(PYTEST) -q -m prove tests

lock: install ## write the lock files again from pyproject.toml
	@deploy/lock.sh

clean: ## remove what these targets made; the data in .okr stays
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
