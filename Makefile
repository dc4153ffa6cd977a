# Everything runs in an environment of its own; nothing outside this folder is touched.
#   make demo TORCH="torch==2.13.0 --index-url ..."   takes another build of torch

PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV ?= .venv
BIN = $(VENV)/bin
# Nothing is compiled while it is installed, which would take half of the time. Python compiles what
# is imported, once, if it may keep the result.
unexport PYTHONDONTWRITEBYTECODE
INSTALL = $(BIN)/python -m pip --disable-pip-version-check install -q --no-compile
PYTEST = $(BIN)/python -m pytest -q -n auto --maxprocesses 8 --dist worksteal
INSTALLED = $(VENV)/installed
INSTALLED_DEV = $(VENV)/installed-dev

.PHONY: help demo test coverage check stress audit bench bench-gpu lock clean

help:
	@echo "make demo       train on synthetic sounds for a minute, and write a page"
	@echo "make test       run the tests"
	@echo "make coverage   run the tests, and count the lines that they run"
	@echo "make check      check style and types"
	@echo "make stress     run the slow and the random tests, thoroughly: half an hour on two cores"
	@echo "make audit      look up known vulnerabilities of what soundalike needs"
	@echo "make bench      measure speed and memory; bench-gpu: on a GPU"
	@echo "make lock       pin the newest versions of what soundalike needs"
	@echo "make clean      delete $(VENV) and what these make"

demo: $(INSTALLED)
	@trap 'interrupted=yes' INT; $(BIN)/soundalike demo --out demo || [ "$$interrupted" ]

test: $(INSTALLED_DEV)
	$(PYTEST) $(COVERAGE)

# Apart from `test`, since before Python 3.12 counting lines takes half as long again as the tests.
coverage: COVERAGE = --cov --cov-report=term --cov-fail-under=99
coverage: test

check: $(INSTALLED_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

stress: $(INSTALLED_DEV)
	$(PYTEST) -m "slow or hypothesis" --hypothesis-profile thorough
	$(BIN)/python tests/soak.py --files 20000 --kill_every_s 20

# In an environment of its own: it needs packages that soundalike does not.
AUDIT = $(VENV)/audit
audit: requirements.lock
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip --disable-pip-version-check install -q "pip-audit>=2.10"
	$(AUDIT)/bin/python tests/advisories.py requirements.lock "$(firstword $(TORCH))"

bench: $(INSTALLED_DEV)
	$(BIN)/python benchmarks/run.py

bench-gpu: $(INSTALLED_DEV)
	$(BIN)/python benchmarks/gpu.py

# What soundalike needs.
$(INSTALLED): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "soundalike needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "installs into $(VENV); this takes one to three minutes with a fast connection"
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) $(TORCH)
	$(INSTALL) --no-deps --require-hashes -r requirements.lock
	$(INSTALL) --no-deps -e .
	@touch $@

# What its tests and benchmarks need besides.
$(INSTALLED_DEV): $(INSTALLED) requirements-dev.lock
	$(INSTALL) --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

# The pinned versions of everything but torch, whose build depends on the machine. botocore, which
# moto needs, asks for python-dateutil 2; users get the newest, and the tests pass with it.
LOCK = uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-annotate --no-header --override build-override.txt
lock:
	echo 'torch ; python_version < "3"' > build-override.txt
	echo 'python-dateutil>=2.8.2' >> build-override.txt
	$(LOCK) --extra dev -o requirements-dev.lock
	$(LOCK) --extra av --constraint requirements-dev.lock -o requirements.lock
	rm build-override.txt

clean:
	rm -rf $(VENV) demo build dist .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
