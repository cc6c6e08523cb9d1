# The two commands of this project. Each makes .venv and installs what it needs; a Python of 3.11 or newer is enough.
#   make demo    a simulated call centre, live on one port
#   make test    lint, types and tests; those on a real Asterisk run as root with debootstrap, see tests/lab
PYTHON ?= python3
BIN := .venv/bin
# Tests run in so many processes: most of their time is waiting, for phones and for seconds.
WORKERS ?= 3
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c deploy/constraints.txt

.PHONY: demo test clean

demo: .venv/installed
	$(BIN)/callcenter demo

test: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations 25

clean:
	rm -rf .venv

.venv/installed: pyproject.toml deploy/constraints.txt | $(BIN)/python
	$(INSTALL) -e .
	touch $@

.venv/installed-dev: pyproject.toml deploy/constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[dev]'
	touch $@ .venv/installed

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (PYTHON=…)"; exit 2; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "No virtual environment can be made: apt install python3-venv"; exit 2; }
