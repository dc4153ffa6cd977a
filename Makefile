# Everything runs in an environment of its own; nothing outside this folder is touched.
#   make demo TORCH="torch==2.13.0 --index-url ..."   takes another build of torch

PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
INSTALLED = $(VENV)/installed

.PHONY: demo test coverage check stress bench bench-gpu lock clean

demo: $(INSTALLED)
	@trap 'interrupted=yes' INT; $(BIN)/soundalike demo --out demo || [ "$$interrupted" ]

test: $(INSTALLED)
	$(BIN)/python -m pytest -q -n auto --maxprocesses 8 --dist worksteal $(COVERAGE)

# Apart from `test`, since before Python 3.12 counting lines takes half as long again as the tests.
coverage: COVERAGE = --cov --cov-report=term --cov-fail-under=99
coverage: test

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

stress: $(INSTALLED)
	$(BIN)/python -m pytest -q -m "slow or hypothesis" --hypothesis-profile thorough

bench: $(INSTALLED)
	$(BIN)/python benchmarks/run.py

bench-gpu: $(INSTALLED)
	$(BIN)/python benchmarks/gpu.py

$(INSTALLED): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "soundalike needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q $(TORCH)
	$(PIP) install -q --no-deps --require-hashes -r requirements.lock
	$(PIP) install -q --no-deps -e .
	@touch $@

# The pinned versions of everything but torch, whose build depends on the machine.
lock:
	echo 'torch ; python_version < "3"' > build-override.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --override build-override.txt \
	  -o requirements.lock
	rm build-override.txt

clean:
	rm -rf $(VENV) demo build dist .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
