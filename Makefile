.DEFAULT_GOAL := help
.PHONY: help demo test fast tests-with-coverage promises system check fix bench serve docs clean
SHELL := /bin/sh
HOME_DEMO ?= demo
RUN = . ./environment.sh && .venv/bin/
PYTEST = $(RUN)python -m pytest
PARALLEL = -n 2 --dist worksteal

help: ## Show what can be done here
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## Install, write the sample shop, review its last week and month, mail the reports to demo/outbox
	@./setup.sh run
	@$(RUN)aftersales --home $(HOME_DEMO) demo

test: ## Install, then run every test (real SMTP, IMAP, PostgreSQL and browser where they can be installed)
	@./setup.sh test
	@$(MAKE) --no-print-directory --keep-going tests-with-coverage promises system

fast: ## Run the tables of rules and the unit tests: no server, no painting, less than a minute
	@./setup.sh run
	@$(PYTEST) $(PARALLEL) tests/spec tests/unit

tests-with-coverage: # tables of rules, unit tests, everything painted and both engines of the data rules, with the coverage floor
	@$(PYTEST) $(PARALLEL) --cov --cov-report=term:skip-covered tests/spec tests/unit tests/pages tests/promises/validate

promises: ## Run the simulations that hold what is promised of the statistics, and the hostile files
	@$(PYTEST) $(PARALLEL) tests/promises

system: ## Run flows, real servers and the tests that kill processes
	@$(PYTEST) tests/flows tests/peers tests/crash

check: ## Lint, types, import rules, drift of the generated docs; changes nothing
	@./setup.sh run
	@$(RUN)ruff check .
	@$(RUN)ruff format --check --quiet .
	@$(RUN)mypy
	@$(RUN)lint-imports
	@$(RUN)python -m expectations.catalogue --check
	@$(RUN)python -m docs.settings --check
	@$(RUN)python -m docs.tables --check
	@$(RUN)python -m docs.figures --check

fix: ## Repair what the linter and the formatter can repair
	@$(RUN)ruff check --fix .
	@$(RUN)ruff format .

docs: ## Write the generated tables of docs/ anew
	@$(RUN)python -m expectations.catalogue
	@$(RUN)python -m docs.settings
	@$(RUN)python -m docs.tables
	@$(RUN)python -m docs.figures

bench: ## Measure the promises (minutes)
	@./setup.sh run
	@$(RUN)python -m benchmarks.review --records 20000
	@$(RUN)python -m benchmarks.coding
	@$(RUN)python -m benchmarks.root_causes
	@$(RUN)python -m benchmarks.root_causes --generate CC --seeds 100
	@$(RUN)python -m benchmarks.root_cause_scale --rows 10000000
	@$(RUN)python -m benchmarks.verdicts --seed 1
	@$(RUN)python -m benchmarks.stories --seeds 1-2
	@$(RUN)python -m benchmarks.quiet_years --seeds 1
	@$(RUN)python -m benchmarks.strangers --seeds 1-20
	@$(RUN)python -m benchmarks.validation --rows 1000000 --rows 10000000
	@$(RUN)python -m benchmarks.collect

serve: ## Prefect server, worker, all deployments, archive and mail catcher on loopback; prints the addresses
	@./setup.sh run
	@$(RUN)aftersales --home $(HOME_DEMO) serve

clean: ## Remove the demo shop and every cache, not the environment
	rm -rf $(HOME_DEMO) .cache/fontconfig .pytest_cache .mypy_cache .ruff_cache tests/output
