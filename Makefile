# `make check` is what CI runs, and what a contribution must pass.
PYTHON ?= .venv/bin/python

.PHONY: check lint types imports docs test fast wheel lowest licences fuzz sbom audit

check: lint types imports docs test

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

imports:
	$(PYTHON) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"

# Every warning is an error. The variable silences a notice on what comes after mkdocs-material in May 2027.
docs:
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict --quiet

test:
	$(PYTHON) -m pytest -n auto

fast:
	$(PYTHON) -m pytest -n auto -m "not slow"

wheel:
	$(PYTHON) -m build --wheel

# What follows is not part of `make check`: docs/trust.md says when to run it.

lowest:
	$(PYTHON) scripts/lowest.py

licences:
	$(PYTHON) scripts/licences.py --check
	$(PYTHON) scripts/licences.py > docs/licences.md

fuzz:
	$(PYTHON) scripts/fuzz.py --target all --runs 1000000 --seconds 60

sbom:
	mkdir -p dist
	$(PYTHON) -m cyclonedx_py environment --pyproject pyproject.toml --mc-type library --output-reproducible \
		-o dist/sbom.cdx.json $(PYTHON)

audit:
	$(PYTHON) -m pip_audit --strict --skip-editable
