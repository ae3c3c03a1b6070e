# Two commands do all the set-up: `make loop` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1
export HF_HUB_OFFLINE ?= 1

.PHONY: setup loop test test-all lint bench twins

setup: .venv/.ready

# requirements.lock pins everything; torch first, so that nothing else chooses a build of it
.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

loop: setup
	$(BIN)/errata demo demo

test: setup
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not slow and not long"

test-all: setup
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not long"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m benchmarks.training

twins: setup
	$(BIN)/python -m benchmarks.twins --every 8
