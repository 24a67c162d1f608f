# Entry points for people. Targets check for the tools that they need, and install PostgreSQL if none is found.
.DEFAULT_GOAL := help
SHELL := /bin/bash

.PHONY: help tools postgres run first-call test lint bench crash

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

tools: ## check for Rust and a C compiler
	@scripts/tools.sh

postgres: ## install PostgreSQL if there is none
	@scripts/postgres.sh

run: tools postgres ## start Docket with its own database (options: ARGS="--listen 127.0.0.1:50052")
	@scripts/run.sh $(ARGS)

first-call: tools ## on a running `make run`: create a ticket, escalate it, show what the rules did (ARGS="127.0.0.1:50052")
	@scripts/first-call.sh $(ARGS)

test: tools postgres ## run all tests: Rust, then end-to-end in Python
	cargo test
	cargo build --quiet
	e2e/run.sh
	e2e/walls.sh

lint: tools ## check format, clippy and proto; licenses and alert rules if cargo-deny and promtool are installed
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	scripts/buf.sh lint
	scripts/deny.sh
	scripts/promtool.sh

bench: tools postgres ## run the benchmark against pgbench, in a release build
	bench/run.sh

crash: tools postgres ## kill servers at random and verify that no acknowledged write is lost
	e2e/crash.sh
