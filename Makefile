# Everything a contributor or a machine runs. Each target sets up what it needs; Python 3.11+, make and a package index are enough.
PYTHON    ?= python3
PORT      ?= 8000
WORKERS   ?= auto
PLACEMENT ?=
LOCK_OPTIONS ?= --upgrade

VENV    := .venv
BIN     := $(VENV)/bin
LOCK    := requirements/dev.txt
PINNED  := $(VENV)/.pinned-with-$(subst /,-,$(PYTHON))
STAMP   := $(VENV)/.ready-with-$(subst /,-,$(PYTHON))
UV      := $(or $(shell command -v uv 2>/dev/null),.cache/uv/bin/uv)
SOURCES := src tests examples benchmarks
# Acceptance suites that put no load on a machine; the others run alone.
SIDE_BY_SIDE := tests/scaffold tests/equivalence tests/versions tests/data/migrations

# uv does not read pip's configuration, so it is handed the index that pip would use.
INDEX    = $(or $(UV_DEFAULT_INDEX),$(PIP_INDEX_URL),$(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null))
WITH_UV  = $(if $(INDEX),UV_DEFAULT_INDEX=$(INDEX)) $(UV)
export UV_PYTHON_DOWNLOADS := never
export VIRTUAL_ENV := $(CURDIR)/$(VENV)

# A test that hangs shows where, then fails, instead of holding up everything else.
hangs_after = -o faulthandler_timeout=$(1) -o faulthandler_exit_on_timeout=true

.DEFAULT_GOAL := help
.PHONY: help setup run test check format acceptance soak bench lock reference clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "make %-11s %s\n", $$1, $$2}'

setup: $(STAMP)  ## make .venv from the pinned requirements, with fissile in it (PYTHON=python3.12 for another Python)

.cache/uv/bin/uv:
	$(PYTHON) -m venv .cache/uv
	.cache/uv/bin/python -m pip install --quiet --disable-pip-version-check uv

$(PINNED): $(LOCK) | $(filter .cache/%,$(UV))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Fissile needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	@test -e $@ || rm -rf $(VENV)
	@test -e $@ || $(WITH_UV) venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV)
	@$(WITH_UV) pip sync --quiet --compile-bytecode --require-hashes $(LOCK)
	@touch $@

$(STAMP): $(PINNED) pyproject.toml
	@$(WITH_UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

run: $(STAMP)  ## serve the shop on 127.0.0.1 (PORT=8000, PLACEMENT=together)
	cd examples/shop && ../../$(BIN)/fissile db upgrade && exec ../../$(BIN)/fissile run --port $(PORT) $(if $(PLACEMENT),--placement $(PLACEMENT))

test: $(STAMP)  ## run the tests, the shop's included, on SQLite and PostgreSQL (about 5 minutes)
	$(BIN)/pytest -n $(WORKERS) $(call hangs_after,120) -m "not acceptance and not soak" tests examples/shop/tests

check: $(STAMP)  ## lint, format, types, and the floors between our modules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src tests benchmarks docs/reference
	$(BIN)/mypy --cache-dir .mypy_cache/examples examples
	@for tree in tiny small large; do (cd src/fissile/scaffold/templates/$$tree && $(CURDIR)/$(BIN)/mypy --explicit-package-bases --cache-dir $(CURDIR)/.mypy_cache/$$tree .) || exit; done
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo

format: $(STAMP)  ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

acceptance: $(STAMP)  ## run the fault, kill and mutation suites (at most 45 minutes)
	$(BIN)/pytest -n $(WORKERS) $(call hangs_after,900) -m acceptance $(SIDE_BY_SIDE)
	$(BIN)/pytest $(call hangs_after,900) -m acceptance $(SIDE_BY_SIDE:%=--ignore %) tests examples/shop/tests

soak: $(STAMP)  ## run what takes longest: 100,000 fuzzed frames, every combination of scaffolding
	$(BIN)/pytest -n $(WORKERS) -m soak tests examples/shop/tests

bench: $(STAMP)  ## run every benchmark; each prints its goals and whether they are met
	@for script in $$(ls benchmarks/[a-z]*.py); do echo "== $$script"; $(BIN)/python $$script || exit; done

lock: | $(filter .cache/%,$(UV))  ## pin the newest versions that pyproject.toml allows (LOCK_OPTIONS= to keep the pinned ones)
	@$(WITH_UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
		--python-version 3.11 $(LOCK_OPTIONS) --all-extras --group contributing --output-file $(LOCK) pyproject.toml

reference: $(STAMP)  ## write docs/reference/cli.md out of the commands
	$(BIN)/python docs/reference/generate.py

clean:  ## remove the environment, the caches and the shop's state
	rm -rf $(VENV) .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist examples/shop/.fissile
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
