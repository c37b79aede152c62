# The doors of Mendel. Each target sets up what it needs; nothing has to be installed by hand.

.DEFAULT_GOAL := help
.PHONY: help demo test check bench docs wheel

help: ## Show this list
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Build, run the digits example as baseline, grid and edit, and say where to look
	@tools/setup demo
	@tools/demo

test: ## Run everything: formatting, lints, types, and all test suites
	@tools/setup test
	@tools/test

check: ## Formatting, lints and types only
	@tools/setup check
	@tools/check

bench: ## Measure Mendel beside its peers, to a table and a picture (installs the peers)
	@tools/setup bench
	@tools/bench

docs: ## Build the documentation into book/
	@tools/setup docs
	@tools/docs

wheel: ## Build the Python wheel, with the command inside, into dist/
	@tools/setup wheel
	@tools/wheel
