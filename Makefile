# `make check` is what CI runs, and what a contribution must pass.
PYTHON ?= .venv/bin/python

.PHONY: check lint types imports test fast wheel

check: lint types imports test

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

imports:
	$(PYTHON) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"

test:
	$(PYTHON) -m pytest

fast:
	$(PYTHON) -m pytest -m "not slow"

wheel:
	$(PYTHON) -m build --wheel
