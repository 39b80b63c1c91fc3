# Everything a contributor runs. `make` alone prints this list.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Room for extra arguments: make test ARGS='--filter ParquetTests'
ARGS ?=

SWIFT := $(wildcard Package.swift Sources Tests Benchmarks Fuzz)

.PHONY: help setup build demo build-tests test test-spark model soak mutants lint format bench bench-smoke bench-micro fuzz clean

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do printf '  make %-12s %s\n' "$$name" "$$what"; done

setup: ## install what is missing (once; says what)
	@scripts/setup

build: setup ## build the release program .build/release/highwater
	scripts/release highwater

demo: setup ## import real events, replay a range, look one up
	@scripts/demo

build-tests: setup ## build all tests and run none
	swift build --build-tests

# One after the other: tests that wait for child processes hold the threads that others, with a time limit, wait for.
test: setup ## run all tests (ARGS='--filter ...' for some)
	swift test --disable-xctest --no-parallel $(ARGS)

test-spark: ## run the tests of Spark too (installs it: 400 MB)
	@scripts/setup-spark
	swift test --disable-xctest --no-parallel --filter Spark $(ARGS)

model: setup ## run 10,000 random programs against the journal and a model of it (ARGS='--seed S --programs 1' repeats one)
	@scripts/model $(ARGS)

soak: setup ## the same with fresh programs for eight hours (ARGS='--minutes 30' for another time)
	@scripts/model --keep-going $(or $(ARGS),--minutes 480)

mutants: setup ## break the journal on purpose, one place at a time: does the model notice? (ARGS=NAME for one, ARGS=--list)
	@scripts/mutate-model $(ARGS)

lint: ## check format and style; changes nothing
	swift format lint --strict --parallel --recursive $(SWIFT)
	scripts/check-style

format: ## format all Swift sources in place
	swift format --in-place --parallel --recursive $(SWIFT)

bench: ## measure Highwater beside its peers (installs them; takes an hour or so)
	@scripts/setup --bench
	@scripts/bench $(ARGS)

bench-smoke: setup ## the benchmark at 5,000 events, Highwater only: right counts and bytes, no times
	@scripts/bench --smoke

bench-micro: setup ## measure parts alone: Parquet, append, replay, import (ARGS="--filter 'Replay.*'")
	swift package --package-path Benchmarks/micro --disable-sandbox benchmark $(ARGS)

fuzz: setup ## fuzz the readers of foreign bytes (ARGS=-max_total_time=600)
	@scripts/fuzz $(ARGS)

clean: ## remove what was built and made, but not the tools under .tools
	rm -rf .build .build-* demo-data Benchmarks/peers/results Benchmarks/peers/results-*.md
