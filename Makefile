# The contract: make demo, figures/<name>.pdf, figures/<table>.csv, <paper> (survival, completeness,
# progress, cosets, exponents), report, gallery, archive, site, smoke, test, test-slurm, bench, bench-gpu, lint. Each sets up .venv.
# SCALE=smoke|reduced|settled|full (default: that of config/config.yaml).
# .venv/installed is what the workflow needs, .venv/tools what tests and lints it.

PYTHON ?= python3
CORES ?= all
SCALE ?=
BIN := .venv/bin
SCALES := smoke reduced settled full
# Before anything is set up: Snakemake waits for ever on no core.
ifneq ($(CORES),all)
ifeq ($(shell printf '%s' '$(CORES)' | grep -Ex '[1-9][0-9]*'),)
$(error CORES=$(CORES): give a number of cores from 1, or all)
endif
endif
ifneq ($(SCALE),)
ifneq ($(words $(SCALE))$(filter $(SCALE),$(SCALES)),1$(SCALE))
$(error SCALE=$(SCALE): give one of $(SCALES))
endif
endif
CONFIG := $(if $(SCALE),--config scale=$(SCALE))
# The demo and the report of another scale than the configured one keep their figures to themselves.
DEFAULT_SCALE := $(shell sed -n 's/^scale: *\([a-z]*\).*/\1/p' config/config.yaml)
APART := $(filter-out $(DEFAULT_SCALE),$(SCALE))
FIGURES := $(if $(APART),results/$(APART)/figures,figures)
REPORT := $(if $(APART),results/$(APART)/report.html,report.html)
SITE := $(if $(APART),results/$(APART)/site,site)
CONFIG_APART = $(CONFIG) $(if $(APART),'paths={figures: $(FIGURES)}')
SNAKEMAKE = $(BIN)/snakemake --cores $(CORES) --rerun-incomplete --retries 2

PAPERS := $(basename $(notdir $(wildcard config/papers/*.yaml)))
# Whatever else is asked for would be trained.
ifdef ARCHIVE
ifneq ($(SCALE)$(filter-out figures/%.pdf figures/%.csv $(PAPERS),$(or $(MAKECMDGOALS),all)),)
$(error ARCHIVE=$(ARCHIVE): serves figures/<name>.pdf, figures/<table>.csv and its paper, without SCALE)
endif
endif

# Nothing is compiled at set-up: were nothing kept either, each of a hundred processes would read its
# libraries as text, which doubles the time to start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: all archive demo gallery $(PAPERS) report site explorers plan smoke test test-slurm \
  test-lowest \
  test-newest test-wheel lint bench bench-gpu schemas lock FORCE

all: .venv/installed
	$(SNAKEMAKE) $(CONFIG) -- all

# Snakemake knows what a figure needs, so make always asks it. ARCHIVE=FILE: from the results in an
# archive, without training.
ifdef ARCHIVE
MAKE_FIGURE = $(BIN)/python -m fittest redraw '$(ARCHIVE)' $@ --cores $(CORES)
else
MAKE_FIGURE = $(SNAKEMAKE) $(CONFIG) -- $@
endif

figures/%.pdf: .venv/installed FORCE
	$(MAKE_FIGURE)

figures/%.csv: .venv/installed FORCE
	$(MAKE_FIGURE)

# The results of one paper at one scale in a file to hand on; of all papers without PAPER.
archive: .venv/installed
	for paper in $(or $(PAPER),$(PAPERS)); do \
	  $(BIN)/python -m fittest archive $$paper $(if $(SCALE),--scale $(SCALE)) || exit 1; done

$(PAPERS): .venv/installed
	$(MAKE_FIGURE)

# Eight small networks and a figure of what becomes of their frequencies.
demo: .venv/installed
	$(SNAKEMAKE) $(CONFIG_APART) -- $(FIGURES)/figS2_demo.pdf
	@echo 'See $(FIGURES)/figS2_demo.png. Go on with docs/tutorial.md, which works on the data behind it,' \
	  'or with make figures/fig6_survival.pdf: which frequencies win, in 800 networks of full size.'

# Everything of the scale, then one page with figures, captions, claims and price.
report: .venv/installed
	$(SNAKEMAKE) $(CONFIG_APART) -- all
	$(BIN)/snakemake --cores 1 $(CONFIG_APART) --report $(REPORT) -- all

# The pictures, verdicts and gallery pages in docs/, from a scale that has been built; PAPER=progress
# for those of one paper.
gallery: .venv/installed
	$(BIN)/python scripts/gallery.py $(or $(SCALE),$(DEFAULT_SCALE)) $(PAPER)

# Pages to look at everything that a scale's results hold, in $(SITE): nothing is trained for them.
site: .venv/installed
	$(BIN)/python -c 'import tomli_w, zensical' 2> /dev/null || \
	  $(BIN)/python -m pip install --quiet -c requirements.lock tomli-w zensical
	$(BIN)/python -m fittest.site $(if $(SCALE),--scale $(SCALE)) --to $(SITE)

# What the pages do in the browser, from its TypeScript (needs Node.js; the result is committed).
explorers:
	cd src/fittest/site/explorers && npm ci --no-audit --no-fund && npm run check && npm run build

plan: .venv/installed
	$(BIN)/python -m fittest plan $(TARGET) $(if $(SCALE),--scale $(SCALE))

# Results and figures of its own, so that nobody's figures are replaced by tiny ones.
smoke: .venv/installed
	$(BIN)/snakemake --profile workflow/profiles/smoke --rerun-incomplete \
	  --config scale=smoke 'analysis={bootstrap: {draws: 200}}' 'paths={results: results, figures: results/smoke/figures}' -- all

# A file of tests stays in one process, so that what its tests share is made once.
test: .venv/tools
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# A real Slurm on this machine, for as long as the tests take. Where it cannot be, they are skipped.
test-slurm: .venv/tools
	-tests/slurm/local-slurm.sh install
	$(BIN)/python -m pytest -m slurm -rs

lint: .venv/tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/python scripts/dev/lint_workflow.py
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed
	$(BIN)/python -m pip install --quiet -e '.[bench]'
	$(BIN)/python -m benchmarks

# On a machine with a GPU, under eight minutes.
bench-gpu: .venv/installed
	$(BIN)/python -m benchmarks.gpu

schemas: .venv/installed
	$(BIN)/python -m fittest schemas

# The versions of requirements.lock, from those that .venv holds and passes the tests with.
lock: .venv/tools
	$(BIN)/python scripts/dev/lock.py > requirements.lock.new
	mv requirements.lock.new requirements.lock

# Environments of their own: the lowest versions that pyproject.toml declares, the newest, and the
# package as installed from a wheel.
test-lowest test-newest test-wheel: test-%:
	sh scripts/dev/setup.sh .venv-$* "$(PYTHON)" $*
	.venv-$*/bin/python -m fittest check
	.venv-$*/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder \
	  -m 'not workflow and not slow and not slurm and not alone and not cuda'
	.venv-$*/bin/python -m snakemake --cores $(CORES) \
	  --config scale=smoke 'paths={results: .venv-$*/results, figures: figures}' \
	  -- .venv-$*/results/smoke/survival/fig6.csv

# The native kernel is built here too, so its sources are prerequisites.
.venv/installed: pyproject.toml setup.py requirements.lock $(wildcard src/fittest/training/native/*)
	sh scripts/dev/setup.sh .venv "$(PYTHON)" locked

.venv/tools: .venv/installed
	sh scripts/dev/setup.sh .venv "$(PYTHON)" tools

FORCE:
