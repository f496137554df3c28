# Two commands: `make study` and `make test`. `make help` lists the rest.
STUDY ?= granger2009
EXTRACT ?= synthetic
CORES ?= 2
PYTHON ?= python3
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONHASHSEED := 0
SNAKEMAKE = snakemake --cores $(CORES) --config study=$(STUDY) extract=$(EXTRACT)

.PHONY: help setup study studies strips review test lint format types oracle bench assess clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(READY): requirements.lock envs/uv.lock envs/build.lock pyproject.toml
	@echo "Setting up $(VENV) from requirements.lock …"
	@$(BIN)/python -c '$(NEW_ENOUGH)' 2>/dev/null || rm -rf $(VENV)
	@test -d $(VENV) || $(PYTHON) -c '$(NEW_ENOUGH)' || { echo "$(PYTHON) is not Python 3.11 or \
	newer. Way out: install one and name it, as in: make study PYTHON=python3.12" >&2; exit 1; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r envs/uv.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode \
		--build-constraints envs/build.lock requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps \
		--build-constraints envs/build.lock --editable .
	@touch $@

setup: $(READY)  ## install what the lock file names

# A killed run leaves a lock and maybe a job to repeat: take both up again.
study: $(READY)  ## run STUDY on EXTRACT (granger2009 on synthetic)
	@leukocytosis run $(STUDY) $(EXTRACT) --cores $(CORES)

studies: $(READY)  ## run every published study on EXTRACT and set them beside each other
	@leukocytosis studies $(EXTRACT) --cores $(CORES)

strips: $(READY)  ## draw the evidence of each episode of STUDY on EXTRACT (person-level)
	@leukocytosis strips $(STUDY) $(EXTRACT) --cores $(CORES)

review: $(READY)  ## draw charts of STUDY on EXTRACT for reviewers: N=… SAMPLING=… BLIND=… (person-level)
	@leukocytosis review $(STUDY) $(EXTRACT) --cores $(CORES) \
		$(if $(N),--n $(N)) $(if $(SAMPLING),--sampling $(SAMPLING)) $(if $(BLIND),--blind $(BLIND))

# A file's tests share what they set up, so a file stays with one worker.
test: $(READY)  ## all tests
	pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(READY)  ## linter, formatters and Snakemake's own lint, changing nothing
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow/rules
	snakemake --lint

format: $(READY)  ## let the formatters write
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow/rules

types: $(READY)  ## the type checker
	mypy

oracle: $(READY)  ## make R's numbers again (packages: CONTRIBUTING.md)
	Rscript tests/oracle/survival/make_oracle.R tests/oracle/survival
	Rscript tests/oracle/competing/make_oracle.R tests/oracle/competing
	Rscript tests/oracle/review/make_oracle.R tests/oracle/review
	Rscript tests/oracle/estimators/make_oracle.R tests/oracle/estimators
	Rscript tests/oracle/multiverse/make_oracle.R tests/oracle/multiverse
	Rscript tests/oracle/cox/make_oracle.R tests/oracle/cox
	Rscript tests/oracle/treatment/make_oracle.R tests/oracle/treatment
	Rscript tests/oracle/bias/make_oracle.R tests/oracle/bias
	Rscript tests/oracle/patients/make_oracle.R tests/oracle/patients

bench: $(READY)  ## raw files to outcomes at growing size, estimators beside R; prints ratios
	python -m leukocytosis.bench.road $(BENCH)
	python -m leukocytosis.bench.multiverse
	OPENBLAS_NUM_THREADS=1 python -m leukocytosis.bench.survival

assess: $(READY)  ## draw cohorts of known truth and measure STUDY on them: COHORTS=… EXTRACTS=…
	@leukocytosis assess $(STUDY) $(if $(COHORTS),--cohorts $(COHORTS)) \
		$(if $(EXTRACTS),--extracts $(EXTRACTS))

clean:  ## remove results (raw data stay)
	rm -rf results .snakemake
