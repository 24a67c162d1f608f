# What a person types. Each target says what it needs and installs PostgreSQL where none is found.
.DEFAULT_GOAL := help
SHELL := /bin/bash

.PHONY: help tools postgres run first-call test lint bench crash

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

tools: ## check for Rust and a C compiler
	@scripts/tools.sh

postgres: ## install PostgreSQL if there is none
	@scripts/postgres.sh

run: tools postgres ## start Docket with a database of its own (ARGS="--listen 127.0.0.1:50052" and the like)
	@scripts/run.sh $(ARGS)

first-call: tools ## against `make run`: make a ticket, escalate it, show what the rules did (ARGS="127.0.0.1:50052")
	@scripts/first-call.sh $(ARGS)

test: tools postgres ## run every test: Rust, then the Python client from outside
	cargo test
	cargo build --quiet
	e2e/run.sh

lint: tools ## check format, clippy, the contract; licences and alert rules where cargo-deny and promtool are there
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	scripts/buf.sh lint
	scripts/deny.sh
	scripts/promtool.sh

bench: tools postgres ## measure against pgbench in one run; release build
	bench/run.sh

crash: tools postgres ## kill servers at random moments and compare with what was acknowledged
	e2e/crash.sh
