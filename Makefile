# Everything happens in a virtual environment beside this file; nothing else on the machine is touched.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Matplotlib says on standard error, once a machine, that it builds its font cache.
WARM := $(BIN)/python -c "import matplotlib.font_manager"

.PHONY: demo test lint bench proof clean

# Install the package with what the demo notebook imports, and examine that notebook: it has a fault, so 1 is no failure.
demo: $(VENV)/.demo
	$(BIN)/repro-nb verify notebooks/monte_carlo_pi.ipynb --html demo-report.html || test $$? -eq 1
	@echo
	@echo "The same report as a page: demo-report.html"

# Install everything, and run every test.
test: $(VENV)/.all
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vermin --target=3.9- --no-tips --eval-annotations --violations $(KERNEL_SIDE)

bench: $(VENV)/.all
	for name in hook import_time compare seeding explain_cost hashing content_digest; do $(BIN)/python benchmarks/$$name.py || exit 1; done

# The long proofs: every notebook of the corpus is explained, and mended. Takes an hour and more.
proof: $(VENV)/.all
	$(BIN)/python benchmarks/causes/score.py --json benchmarks/results/causes.json
	$(BIN)/python benchmarks/fix_rate.py --json benchmarks/results/fix_rate.json

clean:
	rm -rf $(VENV) build dist demo-report.html

# What travels into kernels of other environments.
KERNEL_SIDE := repro_nb/__init__.py repro_nb/errors.py repro_nb/files.py repro_nb/findings.py repro_nb/imports.py \
  repro_nb/plugins.py repro_nb/records.py \
  repro_nb/rng repro_nb/values repro_nb/probe repro_nb/seeding repro_nb/deterministic \
  repro_nb/workspace repro_nb/magics

$(VENV)/.base:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade pip
	touch $@

$(VENV)/.demo: $(VENV)/.base pyproject.toml constraints.txt
	$(PIP) install --quiet --constraint constraints.txt --editable . matplotlib numpy
	$(WARM)
	touch $@

$(VENV)/.all: $(VENV)/.base pyproject.toml constraints.txt
	$(PIP) install --quiet --constraint constraints.txt --editable ".[test,lint]"
	$(WARM)
	touch $@
