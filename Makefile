# MeshClaw. Needs Python 3.11 or newer, git and make; everything else is installed into .venv, from locked hashes.
#
#   make demo     the local workspace and MeshClaw, on http://127.0.0.1:8930   (ARGS="--port 9000 --mail maildir:PATH")
#   make test     all tests                                                    (ARGS="tests/unit -k learner")
#   make check    style, types, import rules, locks, manifest
#   make bench    speed and memory, each figure beside its floor               (ARGS="ack")
#   make chaos    the long form of the tests that kill processes
#   make lock     resolve the dependencies of pyproject.toml again             (ARGS="--upgrade")

# From Python 3.12 on, DBOS uses what SQLite has since 3.42; some machines pair a newer Python with an older SQLite.
FITS := import sqlite3, sys; v = sys.version_info; \
	sys.exit(not (v >= (3, 11) and (v < (3, 12) or sqlite3.sqlite_version_info >= (3, 42))))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(FITS)' 2>/dev/null && echo "$$p" && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/uv pip compile pyproject.toml - --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --quiet
ARGS ?=
WORKERS ?= $(shell $(PYTHON) -c "import os; print(os.cpu_count() + 1)")  # a test also waits, for others to act

.PHONY: help setup demo test check bench chaos lock clean
.DEFAULT_GOAL := help

help:
	@sed -n '3,8s/^# *//p' Makefile

setup: $(VENV)/.setup

demo: setup
	$(BIN)/meshclaw demo --data .demo $(ARGS)

test: $(VENV)/.test .node/.installed
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pip check
	$(BIN)/python -m pytest -q tests/test_docs.py tests/test_locks.py tests/test_manifest.py

bench: $(VENV)/.test
	$(BIN)/python -m bench $(ARGS)

chaos: $(VENV)/.test
	MESHCLAW_CHAOS=long $(BIN)/python -m pytest -m chaos $(ARGS)

# setuptools, which builds the project itself, is locked like everything that runs.
lock: $(VENV)/.made
	$(PIP) install 'uv~=0.13'
	echo 'setuptools>=77' | $(COMPILE) $(ARGS) --output-file requirements.lock
	echo 'setuptools>=77' | $(COMPILE) $(ARGS) --extra test --constraint requirements.lock --output-file requirements-test.lock

clean:
	rm -rf $(VENV) .node .demo .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info

$(VENV)/.made:
	@"$(PYTHON)" -c '$(FITS)' 2>/dev/null || { echo 'MeshClaw needs Python 3.11, or a newer one with SQLite 3.42 or' \
		'newer: install it, or name it with make PYTHON=…' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { echo 'Python lacks its venv module; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@touch $@

$(VENV)/.setup: $(VENV)/.made requirements.lock pyproject.toml
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.setup requirements-test.lock
	$(PIP) install --require-hashes --requirement requirements-test.lock
	@touch $@

# Slack's own framework for JavaScript, for the tests that let it talk to the local workspace.
.node/.installed: tests/node/package.json tests/node/package-lock.json
	@mkdir -p .node
	@cp tests/node/package.json tests/node/package-lock.json .node/
	@if command -v npm >/dev/null && npm ci --prefix .node --ignore-scripts --no-audit --no-fund --silent; then touch $@; \
	else echo 'Bolt for JavaScript is not here (it needs npm): the tests with it skip.'; fi
