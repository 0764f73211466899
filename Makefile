# Each target makes .venv by itself; on a bare machine only Python >= 3.11 (with venv) is needed.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-quick lint docs bench experiments clean

demo: $(VENV)/.run
	$(BIN)/geomsup demo

# Two processes; in each, small matrices are quicker without threads of BLAS. Each begins at another end, so that fixtures
# are not made by both at once. What both need compiled is compiled before, by both together.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

test: $(VENV)/.dev
	$(BIN)/geomsup warm
	$(PYTEST) --durations=15

# Every room, without what takes long, and with fewer drawn examples: for use while writing.
test-quick: $(VENV)/.dev
	HYPOTHESIS_PROFILE=quick $(PYTEST) --durations=5 -m "not slow"

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

docs: $(VENV)/.docs
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

bench: $(VENV)/.dev
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks

# Every experiment at its quick size; writes the chapters of the docs.
experiments: $(VENV)/.run
	$(BIN)/geomsup reproduce --all --quick -o docs/experiments

clean:
	rm -rf .venv .venv-* docs/_build docs/jupyter_execute docs/notebooks .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "geomsup needs Python >= 3.11 on the PATH; name one with: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# GEOMSUP_CONSTRAINTS=constraints.txt pins the versions CI was last seen green with.
CONSTRAINTS := $(if $(GEOMSUP_CONSTRAINTS),-c $(GEOMSUP_CONSTRAINTS))

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	$(PIP) $(CONSTRAINTS) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(PIP) $(CONSTRAINTS) -e ".[dev]"
	@touch $@ $(VENV)/.run

$(VENV)/.docs: pyproject.toml | $(VENV)/bin/python
	$(PIP) $(CONSTRAINTS) -e ".[docs]"
	@touch $@ $(VENV)/.run
