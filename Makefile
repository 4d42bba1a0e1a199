# Everything this project can be asked to do. `make` alone lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

SWIFT      ?= swift
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR    ?=

# A target may import only what Package.swift says it depends on.
IMPORTS := --explicit-target-dependency-import-check error
SOURCES := Package.swift Sources Tests

.PHONY: help setup build demo test unit e2e matrix asan tsan format lint bench fresh install clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing to build and to run the demo (Debian packages)
	@scripts/setup.sh build demo

build: ## build .build/release/sluice
	$(SWIFT) build -c release $(IMPORTS)

demo: ## two brokers, the gateway and a page in front of them; runs until Ctrl-C
	@scripts/demo.sh

test: ## every test: unit tests, then end to end with real brokers and clients
	@scripts/test.sh unit e2e

unit: ## the unit tests alone
	@scripts/test.sh unit

e2e: ## the end-to-end tests alone, against the release build
	@scripts/test.sh e2e

matrix: ## every client and broker, those of Debian sid too (root; .sid), and the tables in docs/ from it
	@scripts/test.sh matrix

asan: ## every test on an AddressSanitizer build (.build-asan)
	@scripts/test.sh --sanitize address unit e2e

tsan: ## every test on a ThreadSanitizer build (.build-tsan)
	@scripts/test.sh --sanitize thread unit e2e

format: ## format the Swift files in place
	$(SWIFT) format format --in-place --parallel --recursive $(SOURCES)

lint: ## check format, imports, file lengths and shell scripts
	@SWIFT="$(SWIFT)" scripts/lint.sh

bench: ## say how to measure
	@scripts/bench.sh

fresh: ## make demo and make test in a fresh Debian 12 of their own, with what Swift wants alone (.fresh; needs root)
	@scripts/fresh.sh

install: ## install under PREFIX (/usr/local) and DESTDIR: binary, page, configuration if absent, systemd unit
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" SYSCONFDIR="$(SYSCONFDIR)" scripts/install.sh

clean: ## remove everything that was built or made here
	rm -rf .build .build-asan .build-tsan .venv .venv-clients .sid .sid.log .demo .pytest_cache .fresh
