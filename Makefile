# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
#
# Each target sets up what it needs first, in .venv, from the versions in constraints.txt.

PYTHON ?= python3
ifeq ($(OS),Windows_NT)
  PYTHON := python
  BIN := .venv/Scripts
else
  BIN := .venv/bin
endif
INSTALLED := .venv/.installed

.PHONY: help setup demo test newman bench lint types ansible changelog check docs wheel clean

help: ## list the targets
	@$(PYTHON) -c "import re; [print(f'make {m[1]:8} {m[2]}') for m in re.finditer(r'(?m)^([a-z]+):[^#]*## (.*)', open('Makefile').read())]"

setup: $(INSTALLED) ## make .venv with opskit and all that its tests need

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'opskit needs Python 3.11 or newer; this is ' + sys.version.split()[0] + '. Name another one: make PYTHON=python3.12')"
	@echo "Making .venv, once; this takes half a minute ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@$(BIN)/python -c "import pathlib; pathlib.Path('$(INSTALLED)').touch()"

demo: $(INSTALLED) ## the whole story in seconds, on a sandbox that comes and goes
	@$(BIN)/opskit demo

test: $(INSTALLED) ## the whole test suite, on real PostgreSQL and real HTTP
	$(BIN)/python -m pytest

newman: $(INSTALLED) ## install Newman for the tests of the Postman collection (needs npm)
	@$(BIN)/python -m tests.newman

bench: $(INSTALLED) ## print benchmarks, as ratios of one run
	$(BIN)/python -m pytest tests/benchmarks -n 0 -q -s -o python_files='bench_*.py' -o python_functions='bench_*'

lint: $(INSTALLED) ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

ansible: $(INSTALLED) ## the Ansible collection: ansible-lint, ansible-test sanity and units (not on Windows)
	@PATH="$(CURDIR)/$(BIN):$$PATH" .ci/ansible

changelog: $(INSTALLED) ## at a release: make ansible/CHANGELOG.rst of the collection's fragments
	cd ansible && PATH="$(CURDIR)/$(BIN):$$PATH" ../.ci/ansible-tools antsibull-changelog release

check: lint types ansible test ## what CI runs

docs: $(INSTALLED) ## write docs/findings.md anew from the code
	$(BIN)/python docs/generate.py

wheel: $(INSTALLED) ## build sdist and wheel into dist/
	$(BIN)/python -m build

clean: ## remove .venv and everything built
	$(PYTHON) -c "import shutil; [shutil.rmtree(d, ignore_errors=True) for d in ('.venv', 'build', 'dist', '.mypy_cache', '.pytest_cache', '.ruff_cache')]"
