# Each target does its own set-up in a virtual environment from constraints.txt.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_QUIET := --quiet --disable-pip-version-check

.PHONY: help studio test check bench evaluate systems side-by-side report-search clean

help:
	@echo "make studio   start the studio on the shipped weights"
	@echo "make test     run every test"
	@echo "make check    lint, format and types"
	@echo "make bench    print how fast things are"
	@echo "make evaluate DATA=DIR   measure the shipped models on held-out pictures and write it on their cards"
	@echo "make systems DATA=DIR    train every system of the reports for MINUTES (2) each, and write docs/systems.md"
	@echo "make side-by-side DATA=DIR   train ours and two rivals for MINUTES (30) each with three seeds; nothing else may run"
	@echo "make report-search DATA=DIR   search over the sixteen settings of the report, STEPS (40) each, and write docs/search.md"
	@echo "make clean    remove the environment"

$(VENV)/.run: requirements.txt constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_QUIET) -r requirements.txt -c constraints.txt
	touch $@

$(VENV)/.dev: $(VENV)/.run pyproject.toml constraints.txt
	$(BIN)/python -m pip install $(PIP_QUIET) -e '.[dev,train,scale]' -c constraints.txt
	touch $@

studio: $(VENV)/.run
	$(BIN)/python app.py

test: $(VENV)/.dev
	CHROMIUM="$$($(BIN)/python -m tests.browser.chromium)" && export CHROMIUM && $(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

FASHION_MNIST ?= /usr/share/datasets/fashion-mnist
CLEANED = build/leather_denim-cleaned
EVALUATE = $(BIN)/python -m engines evaluate --models assets/models --card

evaluate: $(VENV)/.dev
	@test -d "$(DATA)/scenes" || { echo "say where the training pictures are: make evaluate DATA=DIR, with scenes, clothing and leather_denim in it"; exit 2; }
	$(EVALUATE) cityscape --data "$(DATA)/scenes" --classes buildings,street
	$(EVALUATE) clothing --data "$(DATA)/clothing"
	$(EVALUATE) materials --data "$(DATA)/leather_denim" --classes trainA=leather,trainB=denim
	test -d $(CLEANED) || $(BIN)/python -m engines doctor "$(DATA)/leather_denim" --classes trainA=leather,trainB=denim --clean $(CLEANED)
	$(EVALUATE) leather-denim --data $(CLEANED) --classes trainA=leather,trainB=denim
	$(EVALUATE) upscale-4 --data "$(DATA)/clothing"
	if test -d "$(FASHION_MNIST)"; then $(EVALUATE) fashion-mnist --data "$(FASHION_MNIST)"; fi
	$(EVALUATE) studio-clip --data "$(DATA)"
	$(BIN)/python -m tests.engines.curation.planted_defects "$(DATA)/scenes"

# Resumes where it was: a system with a row is not trained again.
SYSTEMS ?= systems
systems: MINUTES ?= 2
systems: $(VENV)/.dev
	@test -d "$(DATA)/scenes" || { echo "say where the training pictures are: make systems DATA=DIR, with scenes and clothing in it"; exit 2; }
	$(BIN)/python -m engines systems --data "$(DATA)" --fashion-mnist "$(FASHION_MNIST)" --minutes $(MINUTES) --out "$(SYSTEMS)" --docs docs/systems.md

# Resumes where it was: a training that has its result is not done again; remove the folder to do all of them anew.
RIVALS ?= build/side-by-side
side-by-side: MINUTES ?= 30
side-by-side: $(VENV)/.dev
	@test -d "$(DATA)/scenes" || { echo "say where the training pictures are: make side-by-side DATA=DIR, with scenes in it"; exit 2; }
	$(BIN)/python -m benchmarks._side_by_side --data "$(DATA)" --out "$(RIVALS)" --minutes $(MINUTES) --docs docs/side-by-side.md

# Resumes where it was: a finished trial is not trained again.
SEARCH ?= build/report-search
report-search: STEPS ?= 40
report-search: $(VENV)/.dev
	@test -d "$(DATA)/scenes" || { echo "say where the training pictures are: make report-search DATA=DIR, with scenes in it"; exit 2; }
	$(BIN)/python -m engines search cityscape-run-1 --data "$(DATA)/scenes" --classes buildings,street --over batch=10,16 \
	  --over rate=2e-4,1e-3 --over "generator_settings.attention+discriminator_settings.attention=(32,),()" \
	  --over discriminator_settings.output_size=1,5 --grid --steps $(STEPS) --out "$(SEARCH)" $(if $(wildcard $(SEARCH)/search.json),--resume)
	$(BIN)/python -m benchmarks._report_search "$(SEARCH)" --docs docs/search.md

clean:
	rm -rf $(VENV)
