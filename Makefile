# Everything a developer runs. Each target makes .venv first where it is missing; only Python 3.11 and make are needed.
#
#   make demo [CORPUS=wnut17]   train a tagger, export it, tag with the exported SavedModel
#   make test                   every test on TensorFlow, JAX and PyTorch, and a line of summary for each
#   make quick [BACKEND=jax]    one backend, without the slow tests
#   make lint                   ruff and mypy
#   make docs                   build the documentation into build/docs, without a network
#   make bench [NAME=crf]       list the measurements in benchmarks/, or make one; NAME="tagger upos --minutes 5" too
#   make benchmarks             make them all, and put benchmarks/RESULTS.md together; NAME="--list" tells how long each
#                               takes, NAME="--only crf padding" makes some, --write writes the page itself
#
# DATA=folder says where the real data sets lie (default ../shared/data); tests that need one are skipped without it.

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
PYTEST := $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile $(TESTS)

KERAS_EMBED_DATA ?= $(abspath $(wildcard $(DATA)))
ifneq ($(KERAS_EMBED_DATA),)
export KERAS_EMBED_DATA
endif

# One thread a process: the processes already fill the cores, and results do not depend on the machine.
export TF_CPP_MIN_LOG_LEVEL := 3
export OMP_NUM_THREADS := 1
export TF_NUM_INTRAOP_THREADS := 1
export TF_NUM_INTEROP_THREADS := 1

.PHONY: help demo test quick lint docs bench benchmarks clean

help:
	@sed -n 's/^#   //p' Makefile

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || python3.11 -m venv .venv || python3 -m venv .venv
	@echo "Installing into .venv: some minutes, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(READY)
	@TF_NUM_INTRAOP_THREADS=2 TF_NUM_INTEROP_THREADS=2 $(BIN)/python -m keras_embed demo --corpus $(CORPUS)

# The summary comes last, so that one look at the end of the output tells.
test: $(READY)
	@mkdir -p $(LOGS); failed=0; \
	for backend in $(BACKENDS); do \
	  echo "== $$backend"; \
	  KERAS_BACKEND=$$backend $(PYTEST) 2>&1 | tee $(LOGS)/$$backend.log || failed=1; \
	done; \
	echo; echo "Summary"; \
	for backend in $(BACKENDS); do \
	  line=$$(grep -E ' in [0-9.]+s' $(LOGS)/$$backend.log | tail -n 1 || true); \
	  printf '%-12s%s\n' "$$backend" "$${line:-no result: see $(LOGS)/$$backend.log}"; \
	done; \
	exit $$failed

quick: $(READY)
	@KERAS_BACKEND=$(BACKEND) $(PYTEST) -m "not slow"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# PYTHONPATH: the hooks in tools/ read this checkout's package.
docs: $(READY)
	@NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/python -m mkdocs build --clean
	@echo "Open build/docs/index.html. Its search needs a server: $(BIN)/python -m http.server -d build/docs"

bench: $(READY)
	@$(BIN)/python -m benchmarks $(NAME)

# The folder benchmarks/ is no result of it.
benchmarks: $(READY)
	@$(BIN)/python -m benchmarks all $(NAME)

clean:
	rm -rf .venv build exported .pytest_cache .mypy_cache .ruff_cache .hypothesis
