# All tasks of this project. `make` alone lists the targets.

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

.PHONY: help setup build demo test unit e2e endure matrix asan tsan format lint bench storm fresh install release deb try-release \
	try-deb try-image try-compose try-systemd clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what building and the demo need (Debian packages)
	@scripts/setup.sh build demo

build: ## build .build/release/sluice
	$(SWIFT) build -c release $(IMPORTS)

demo: ## two brokers, the gateway and a page; runs until Ctrl-C
	@scripts/demo.sh

test: ## every test: unit tests, then end to end with real brokers and clients
	@scripts/test.sh unit e2e

unit: ## only the unit tests
	@scripts/test.sh unit

e2e: ## only the end-to-end tests, against the release build
	@scripts/test.sh e2e

endure: ## reloads, upgrades, killed brokers, full disks, other clocks, with real clients (10 minutes; root)
	@scripts/test.sh endure

matrix: ## every client, broker and front, including Debian sid (root; .sid); writes tables in docs/
	@scripts/test.sh matrix

asan: ## every test on an AddressSanitizer build (.build-asan)
	@scripts/test.sh --sanitize address unit e2e

tsan: ## every test on a ThreadSanitizer build (.build-tsan)
	@scripts/test.sh --sanitize thread unit e2e

format: ## format the Swift files in place
	$(SWIFT) format format --in-place --parallel --recursive $(SOURCES)

lint: ## check format, imports, file lengths, wording and shell scripts
	@SWIFT="$(SWIFT)" scripts/lint.sh

bench: ## explain how to measure
	@scripts/bench.sh

storm: ## explain how to measure what happens when all clients connect at once
	@scripts/storm.py --help

fresh: ## make demo and make test in a new Debian 12 with only what Swift needs (.fresh; needs root)
	@scripts/fresh.sh

install: ## install under PREFIX (/usr/local) and DESTDIR: binary, page, configuration if absent, systemd unit
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" SYSCONFDIR="$(SYSCONFDIR)" scripts/install.sh

release: ## build dist/sluice-VERSION-ARCH.tar.gz, which needs no Swift where it runs
	@scripts/release.sh

deb: ## build dist/sluice_VERSION_ARCH.deb
	@scripts/deb.sh

try-release: ## run the release in unpacked Debian 12, 13 and sid (.trees; needs root)
	@scripts/try-release.sh

try-deb: ## install, reload, upgrade, remove and purge the package in an unpacked Debian 12 (.trees; needs root)
	@scripts/try-deb.sh

try-image: ## build and run the container image with buildah, without a registry (.trees; needs root)
	@scripts/try-image.sh

try-compose: ## run the compose file with podman-compose, without a registry (.trees; needs root)
	@scripts/try-compose.sh

try-systemd: ## boot a Debian 12 whose systemd installs, runs, upgrades and purges the package (.trees; needs root)
	@scripts/try-systemd.sh

clean: ## remove everything that was built here
	rm -rf .build .build-asan .build-tsan .venv .venv-clients .sid .sid.log .demo .pytest_cache .fresh .build-static .trees dist
