# The only tools this needs are make and Python 3.11 or newer with its venv module.

VENV := .venv
BIN := $(VENV)/bin
OUT ?= runs/demo
# Of `make soak`: mutated inputs for each reader, and the readers; none are all.
INPUTS ?= 10000
READERS ?=
# Each worker imports torch and trains small networks. More workers than cores are slower, and so are
# several threads a worker.
WORKERS ?= 2
# A file stays with one worker, so what its tests share is made once; the longest come first (tests/conftest.py).
# A worker that ends is not started anew: the same test would end it again.
DIST := --dist loadfile --no-loadscope-reorder --max-worker-restart 0
# A benchmark is run by hand, so nothing else sees that a name it uses has gone. A folder is checked by itself:
# files of different ones have equal names. What torch and timings leave untyped is taken as it is.
BENCHMARKS := benchmarks benchmarks/bench benchmarks/search_quality benchmarks/early_training
AS_SCRIPTS := --allow-untyped-calls --no-warn-unused-ignores
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$python; break; fi; done)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Many tests start Python anew, and each would compile hundreds of modules.
export PYTHONDONTWRITEBYTECODE :=

.NOTPARALLEL:
.PHONY: help demo test docs notebooks cluster browser check bench acceptance soak clean

help:
	@echo "make demo   make a virtual environment, install nasframe, search a small network into $(OUT)"
	@echo "make test   the whole test suite; without a browser, the tests that need one are skipped"
	@echo "make cluster  the tests of the executor ray, on a cluster of two nodes on this machine; takes root"
	@echo "make browser  install Chromium for those tests, where apt is there and we are root"
	@echo "make check  lint, formatting, types, import rules"
	@echo "make docs   the pages, notebooks and docstrings as a site of static files in site/; open site/index.html"
	@echo "make notebooks  execute examples/notebooks anew and store their outputs"
	@echo "make bench  measure the speed: a search step, an epoch, the estimator, the extraction of features"
	@echo "make acceptance  check the results that a search must reach on the embedded set and two real tasks; about an hour"
	@echo "make soak   give every reader INPUTS ($(INPUTS)) mutated files, and measure memory; some hours"
	@echo "make clean  remove what these made, except runs"

demo: $(VENV)/.installed
	$(BIN)/nasframe demo --out $(OUT)

test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) $(DIST) $(PYTEST)

docs: $(VENV)/.installed-dev
	$(BIN)/python -m docs.builder

notebooks: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m docs.builder.notebooks

# Not a part of `test`: Ray aborted the process of these tests once in some twelve runs.
cluster: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 NASFRAME_CLUSTER=1 $(BIN)/python -m pytest tests/nasframe_ray $(PYTEST)

# Not a part of `test`: a machine gets no browser that nobody asked for.
browser:
	@if command -v chromium-headless-shell || command -v chrome-headless-shell; then :; \
	elif command -v apt-get >/dev/null && test "$$(id -u)" = 0 && apt-get update -qq && { \
		apt-get install -y -qq --no-install-recommends chromium-headless-shell fonts-dejavu-core || \
		apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; }; then :; \
	elif command -v chromium || command -v chromium-browser || command -v google-chrome; then :; \
	else \
		echo "make: no browser, and none can be installed here: that takes apt and root" >&2; exit 1; \
	fi

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(foreach folder,$(BENCHMARKS),MYPYPATH=benchmarks:$(folder) $(BIN)/mypy $(AS_SCRIPTS) $(folder)/*.py &&) true
	$(BIN)/mypy $(AS_SCRIPTS) -p docs.builder
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/bench

acceptance: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/acceptance.py

soak: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.soak --inputs $(INPUTS) $(READERS)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.memory

clean:
	rm -rf $(VENV) build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "make: nasframe needs Python 3.11 or newer, and found none as python3" \
		"or python3.11 to python3.14; say make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "make:" \
		"nasframe needs Python 3.11 or newer, and $(PYTHON) is `$(PYTHON) --version 2>/dev/null || echo none`" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "make: $(PYTHON) has no venv module;" \
		"install it (on Debian: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# A stamp is newer than pyproject.toml, so nothing is installed again until that changes.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "installing nasframe and what it needs; torch alone is some gigabytes"
	$(BIN)/python -m pip install --quiet --editable ".[deepfake]"
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "installing nasframe and what its tests need; torch alone is some gigabytes"
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $@ $(VENV)/.installed
