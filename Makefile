# `make` alone prints help. Needs Python >= 3.11 and Node >= 20; everything else is installed below this folder.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

ENV := $(VENV)/.installed
MODULES := frontend/node_modules/.installed
UI := frontend/dist/.built
UI_SOURCES := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
# The longest first; each group is a process of its own, whose output is shown when it is over.
TEST_GROUPS := tests/e2e tests/ucal tests/backend tests/worker tests/chaos $(wildcard tests/test_*.py)
RUN_GROUP := log="$$1/$$(basename "$$0").log"; rc=0; $(BIN)/pytest -m "not gpu" $(ARGS) "$$0" >"$$log" 2>&1 || rc=$$?; \
	cat "$$log"; test $$rc -eq 0 || { test $$rc -eq 5 && test -n "$(ARGS)"; }
QUICK := not (slow or services or e2e or gpu or shared)

.PHONY: help setup demo test check check-python check-pages bench bench-loop chaos e2e gpu format clean

help: ## print this help
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(ENV) $(UI) ## the environment in .venv and the built pages; does nothing when up to date

demo: setup ## generated data, server and worker on http://127.0.0.1:8000 (PORT= to change), and a sign-in link
	@exec $(BIN)/ucal demo --port $(PORT)

test: setup ## every test that needs no GPU, three groups at a time: much of what they do is wait (ARGS= for pytest)
	@logs=$$(mktemp -d); trap 'rm -rf "$$logs"' EXIT; \
		printf '%s\n' $(TEST_GROUPS) | xargs -P 3 -I{} bash -c '$(RUN_GROUP)' {} "$$logs"
	npm --prefix frontend run test

check: setup ## lint, types, import contracts, quick tests (QUICK_TESTS=no leaves these out)
	@$(MAKE) --no-print-directory -j2 check-python check-pages
	$(if $(filter no,$(QUICK_TESTS)),@echo "quick tests: left to make test",$(BIN)/pytest -q -m "$(QUICK)")

check-python: $(ENV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-pages: $(UI)
	npm --prefix frontend run typecheck
	npm --prefix frontend run lint

e2e: setup ## browser tests (Chromium: CHROMIUM=/path, or on the PATH)
	$(BIN)/pytest -m e2e

chaos: setup ## fault tests: workers, databases and brokers killed in the middle of a run
	$(BIN)/pytest tests/chaos

gpu: setup ## tests and benchmarks that need CUDA; without it the benchmarks say so and fail
	$(BIN)/pytest -m gpu
	$(BIN)/python benchmarks/gpu_training.py
	$(BIN)/python benchmarks/loader.py --device cuda --backbone resnet50 --size 256x128 --precision bf16
	$(BIN)/python benchmarks/gpu_clustering.py

bench: setup ## clustering and evaluation: seconds by phase, CPU seconds, memory, beside a dense reference (10 minutes)
	$(BIN)/python benchmarks/clustering.py --dense

bench-loop: setup ## the table of bases and policies on generated data (an hour on 2 cores; finished cells are kept in runs/)
	$(BIN)/ucal benchmark --preset generated --seeds 0,1,2 --bases cluster-contrast,spcl --out runs/generated

format: $(ENV) ## rewrite the Python code in the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what setup made
	rm -rf $(VENV) frontend/node_modules frontend/dist *.egg-info

$(ENV): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "expected Python >= 3.11 on the PATH, found none; name one: make PYTHON=/path/to/python" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

$(MODULES): frontend/package.json frontend/package-lock.json
	@node -e 'process.exit(Number(process.versions.node.split(".")[0] < 20))' \
		|| { echo "expected Node >= 20 on the PATH, found $$(node --version 2>/dev/null || echo none)" >&2; exit 1; }
	npm --prefix frontend ci --no-audit --no-fund --loglevel=error
	@touch $@

$(UI): $(MODULES) $(UI_SOURCES)
	npm --prefix frontend run build
	@touch $@
