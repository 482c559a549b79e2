# `make` alone lists what there is. Needs Python 3.11 with pip; everything else is brought by `make setup`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# Photos to train and measure the image encoder with.
DATA ?= $(or $(DOPPEL_DATA),../shared/data)
READY := $(VENV)/.requirements-installed
GROUPS := gateway reconciler encoder index trainer client
COMPILE := $(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header

# A mirror that pip was told to use is used by uv, too.
INDEX = url=$$($(PYTHON) -m pip config get global.index-url 2>/dev/null) && export UV_DEFAULT_INDEX=$${UV_DEFAULT_INDEX:-$$url};

.DEFAULT_GOAL := help
.PHONY: help setup demo up down test faults soak fuzz check bench bench-full train-tower eval-tower eval calibrate lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create .venv with the pinned requirements (nothing to do the second time)

# The pinned uv, with its hashes, comes out of the one lock file.
$(UV):
	$(PYTHON) -m venv $(VENV)
	sed -n '/^uv==/,/[^\\]$$/p' requirements/dev.txt > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r $(VENV)/uv.txt

# Compiled once here: torch's modules take ten seconds to compile, in every process that cannot keep the result.
$(READY): requirements/dev.txt pyproject.toml | $(UV)
	@$(INDEX) $(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(INDEX) $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## start a stack, find the duplicates of a sample catalog, write reports/
	$(BIN)/python -m local demo

up: setup ## start a stack in the background and print its address
	$(BIN)/python -m local up

down: setup ## stop it
	$(BIN)/python -m local down

test: setup ## run the tests
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

faults: setup ## pull every plug: prints what was done and what came of it, writes reports/faults.json
	$(BIN)/python -m pytest tests/faults -n 2 --dist worksteal -m "slow or not slow" --faults-report reports/faults.json

soak: setup ## half an hour of load, kills and lost messages: nothing lost, nothing twice, nothing grows
	$(BIN)/python -m tests.soak --plot docs/soak.png --page docs/soak.md

fuzz: setup ## call a running API some thousand times with generated requests (SEED=… repeats); writes reports/fuzz.json
	$(BIN)/python -m pytest tests/fuzz -m "slow or not slow" --fuzz-report reports/fuzz.json $(if $(SEED),--fuzz-seed $(SEED))

check: setup ## formatting, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

train-tower: setup ## train the bundled image encoder from the photos in DATA (an hour on two cores; goes on after a stop)
	$(BIN)/doppel train-tower $(DATA)/clothing_photos $(DATA)/grocery_photos --samples 1000 \
	  --licence "clothing=CC0, alexeygrigorev/clothing-dataset" \
	  --licence "grocery=MIT, marcusklasson/GroceryStoreDataset (train split)" \
	  --cache .run/tower --out artifacts/bundled/image

eval-tower: setup ## measure it on held-out photos, beside its rivals; write reports/tower.json
	$(BIN)/python -m workers.trainer.evaluation --sheet docs/tower/failures.png

bench: setup ## measure speed: encoders beside loop, infinity, imagededup; uploads; reports/bench.json (25 minutes)
	DOPPEL_DATA=$(DATA) $(BIN)/python -m benchmarks

bench-full: setup ## the same with 1,000 products, and more; sets the table of docs/benchmarks.md anew (an hour)
	DOPPEL_DATA=$(DATA) $(BIN)/python -m benchmarks --full

eval: setup ## measure matching, grouping and training beside their targets: sample catalogs, public pairs, photos in DATA
	$(BIN)/python -m workers.trainer.matching $(DATA)

calibrate: setup ## calibrate the classifier of the bundled profile on sample catalogs
	$(BIN)/python -m workers.trainer.calibration --profile bundled

lock: $(UV) ## recompile requirements/*.txt after a change of pyproject.toml
	@$(INDEX) $(COMPILE) --group dev --output-file requirements/dev.txt
	@$(INDEX) for group in $(GROUPS); do \
	  $(COMPILE) --group $$group --constraints requirements/dev.txt --output-file requirements/$$group.txt || exit 1; \
	done

clean: ## stop the stack; delete caches, reports and the data of local stacks (not .venv)
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m local down; fi
	rm -rf .run reports .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
