# Every target is one command of the harness, in an environment of its own (.venv).
#
#   EXP=      manifest, e.g. experiments/mobster.yaml
#   VARS=     variables of the manifest: VARS="num_runs=10 scheduler_timeout=3600"
#   RUNTIME=  auto | process | docker: where jobs run
#   JOBS=     experiments that run at once
#   ARGS=     passed on, e.g. ARGS=--fresh

PYTHON  ?= python3
VENV    := .venv
HARNESS := $(VENV)/bin/python -m harness
RUNTIME ?=
JOBS    ?=
VARS    ?=
ARGS    ?=
export VARS

.DEFAULT_GOAL := help
.PHONY: help setup sweep remote plan smoke doctor status report image image-check push lock test test-slow bench check clean

help: ## this text
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18
	@echo; sed -n 's/^#   /  /p' $(MAKEFILE_LIST)

$(VENV)/.base: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=")'
	@test -x $(VENV)/bin/python || { echo "making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing the harness into $(VENV)"
	@$(VENV)/bin/pip install -qq --disable-pip-version-check -e '.[docker]'
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	@echo "installing PyTorch and the development tools into $(VENV)"
	@$(VENV)/bin/pip install -qq --disable-pip-version-check -e '.[benchmarks,botorch,cmaes,dev,docker,gpsearchers,nevergrad,optuna,ray,report,smac,synetune]'
	@touch $@

$(VENV)/.remote: $(VENV)/.base
	@$(VENV)/bin/pip install -qq --disable-pip-version-check -e '.[remote]'
	@touch $@

.PHONY: need-exp
need-exp:
	@test -n "$(EXP)" || { echo 'error: which manifest? e.g. EXP=experiments/mobster.yaml' >&2; exit 2; }

setup: $(VENV)/.base ## make .venv, and what RUNTIME= needs: packages or image
	@$(HARNESS) setup --runtime $(or $(RUNTIME),auto)

sweep: need-exp $(VENV)/.base ## run what the sweep of EXP= still lacks
	@$(HARNESS) sweep "$(EXP)" --vars "$$VARS" --runtime $(or $(RUNTIME),auto) --jobs $(or $(JOBS),1) --prepare --end_with_parent $(ARGS)

remote: need-exp $(VENV)/.remote ## launch on SageMaker what the sweep of EXP= still lacks; ARGS=--wait stays to the end
	@$(HARNESS) remote "$(EXP)" --vars "$$VARS" $(ARGS)

plan: need-exp $(VENV)/.base ## show what EXP= expands into
	@$(HARNESS) plan "$(EXP)" --vars "$$VARS" $(ARGS)

smoke: need-exp $(VENV)/.base ## try out what EXP= would run, for two resource levels each
	@$(HARNESS) smoke "$(EXP)" --vars "$$VARS" --runtime $(or $(RUNTIME),auto) $(ARGS)

doctor: $(VENV)/.base ## what this machine has of what jobs need, and remedies
	@$(HARNESS) doctor --runtime $(or $(RUNTIME),auto) $(ARGS)

status: need-exp $(VENV)/.base ## how the sweep of EXP= stands
	@$(HARNESS) status "$(EXP)" --vars "$$VARS" $(ARGS)

report: need-exp $(VENV)/.base ## one HTML page on the sweep of EXP= (or on a sweep's name, or a folder): statistics and figures
	@$(HARNESS) report "$(EXP)" --vars "$$VARS" --prepare $(ARGS)

image: $(VENV)/.base ## build the image that jobs run in
	@$(HARNESS) image build $(ARGS)

image-check: $(VENV)/.base ## build the image twice from nothing: both must be the same, bit for bit
	@$(HARNESS) image check $(ARGS)

push: $(VENV)/.remote ## push the image to ECR, or with ARGS="--repository ADDRESS" anywhere
	@$(HARNESS) image push $(ARGS)

lock: $(VENV)/.base ## write the image's lock files anew from pyproject.toml
	@$(VENV)/bin/python scripts/lock_image.py

test: $(VENV)/.dev ## all tests that need neither Docker nor patience
	$(VENV)/bin/python -m pytest -n 2 $(ARGS)

test-slow: $(VENV)/.dev ## the slow tests and those under Docker
	$(VENV)/bin/python -m pytest -m 'slow or docker' $(ARGS)

bench: $(VENV)/.dev ## speed and quality beside other optimisers, ARGS="--quick" for a look
	@$(HARNESS) bench $(ARGS)

check: $(VENV)/.dev ## style, types and who may import whom
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

clean: ## remove .venv and caches; results stay
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
