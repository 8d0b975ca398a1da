.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup lint format test demo docs bench system-packages clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

setup: $(STAMP) ## virtual environment with everything at the pinned versions

lint: $(STAMP) ## style, types, floors of the house
	$(BIN)/ruff format --check src tests benchmarks docs integrations training
	$(BIN)/ruff check src tests benchmarks docs integrations training
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## write the code in house style
	$(BIN)/ruff format src tests benchmarks docs integrations training
	$(BIN)/ruff check --fix src tests benchmarks docs integrations training

test: $(STAMP) ## the whole test suite
	$(BIN)/python -m pytest -n auto --dist loadgroup

demo: $(STAMP) ## the whole story on sample pictures; says where to look
	$(BIN)/remarque demo --out demo-output --force

docs: $(STAMP) ## the reference pages that are made from the code
	$(BIN)/python docs/generate_reference.py

bench: $(STAMP) ## the measured tables of docs/reference/benchmarks.md
	$(BIN)/python benchmarks/run.py

system-packages: ## Debian packages some tests use (openssl, poppler-utils, exiftool)
	apt-get update && apt-get install -y openssl poppler-utils libimage-exiftool-perl

clean: ## forget the environment and all caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-output
