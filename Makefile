# Developer commands. Each target creates .venv first if it is missing; only Python 3.11 and make are needed.
#
#   make demo [CORPUS=wnut17]   train a tagger, export it, tag with the exported SavedModel
#   make test                   all tests on TensorFlow; on JAX and PyTorch those that depend on the backend
#   make test-all               all tests on all three backends, as before a release
#   make quick [BACKEND=jax]    one backend, without the slow tests
#   make lint                   ruff and mypy
#   make docs                   build the documentation into build/docs, without a network
#   make bench [NAME=crf]       list the benchmarks, or run one; NAME="tagger upos --minutes 5" passes arguments
#   make benchmarks             run all benchmarks and assemble benchmarks/RESULTS.md; NAME="--list" lists their
#                               durations, NAME="--only crf padding" runs some, --write writes the page itself
#
# DATA=folder is the folder of the real data sets (default ../shared/data); tests that need one are skipped without it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BACKEND ?= tensorflow
BACKENDS ?= tensorflow jax torch
CORPUS ?= tiny_ner
JOBS ?= 2
DATA ?= ../shared/data
TESTS ?=
NAME ?=

BIN := .venv/bin
READY := .venv/.ready
LOGS := build/tests
PYTEST := $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile --no-loadscope-reorder $(TESTS)
MATRIX ?=

KERAS_EMBED_DATA ?= $(abspath $(wildcard $(DATA)))
ifneq ($(KERAS_EMBED_DATA),)
export KERAS_EMBED_DATA
endif

# One thread per process: the processes already use all cores, and results do not depend on the machine.
export TF_CPP_MIN_LOG_LEVEL := 3
export OMP_NUM_THREADS := 1
export TF_NUM_INTRAOP_THREADS := 1
export TF_NUM_INTEROP_THREADS := 1

.PHONY: help demo test test-all quick lint docs bench benchmarks clean

help:
	@sed -n 's/^#   //p' Makefile

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || python3.11 -m venv .venv || python3 -m venv .venv
	@echo "Installing into .venv: some minutes, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(READY)
	@TF_NUM_INTRAOP_THREADS=2 TF_NUM_INTEROP_THREADS=2 $(BIN)/python -m keras_embed demo --corpus $(CORPUS)

# Ends with a line per backend and the ten slowest test files.
test: $(READY)
	@rm -rf $(LOGS); mkdir -p $(LOGS); failed=0; \
	for backend in $(BACKENDS); do \
	  echo "== $$backend"; \
	  KERAS_BACKEND=$$backend $(PYTEST) $(MATRIX) --file-times $(LOGS)/$$backend.times 2>&1 | tee $(LOGS)/$$backend.log || failed=1; \
	done; \
	echo; echo "Slowest files (seconds)"; \
	cat $(LOGS)/*.times 2>/dev/null | sort -rn | sed -n '1,10p'; \
	echo; echo "Summary"; \
	for backend in $(BACKENDS); do \
	  line=$$(grep -E ' in [0-9.]+s' $(LOGS)/$$backend.log | tail -n 1 || true); \
	  printf '%-12s%s\n' "$$backend" "$${line:-no result: see $(LOGS)/$$backend.log}"; \
	done; \
	exit $$failed

test-all:
	@$(MAKE) --no-print-directory test MATRIX=--matrix

quick: $(READY)
	@KERAS_BACKEND=$(BACKEND) $(PYTEST) -m "not slow"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# PYTHONPATH: the hooks in tools/ import the package from this checkout.
docs: $(READY)
	@NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/python -m mkdocs build --clean
	@echo "Open build/docs/index.html. Its search needs a server: $(BIN)/python -m http.server -d build/docs"

bench: $(READY)
	@$(BIN)/python -m benchmarks $(NAME)

# Phony, because the folder benchmarks/ exists.
benchmarks: $(READY)
	@$(BIN)/python -m benchmarks all $(NAME)

clean:
	rm -rf .venv build exported .pytest_cache .mypy_cache .ruff_cache .hypothesis
