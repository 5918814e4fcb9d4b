# Everything a person or a build machine runs. Each target sets up what it needs and is quick the second time.

SHELL := /bin/bash
.DEFAULT_GOAL := help
TARGET := $(or $(CARGO_TARGET_DIR),target)
PORT ?= 8080
DATA ?= ./data-dir
DEMO ?= ./demo-dir
HITS ?= 1000000

ifdef CI
# A build machine builds once: the notes for the next build cost time and gigabytes.
export CARGO_INCREMENTAL := 0
endif

.PHONY: help data tracker build run demo check test conformance clients browser clean

help: ## Shows this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'
	@echo
	@echo "  PORT=$(PORT) and DATA=$(DATA) for make run; DEMO=$(DEMO) and HITS=$(HITS) for make demo; TAKWIMU_CONFORMANCE=folder for the recorded scenarios."

data: ## Fetches the locked data that the build embeds: device rules, countries, names
	@scripts/need.sh node python3 pip
	@scripts/fetch-device-data.sh
	@scripts/fetch-npm-data.sh

tracker: ## Builds the script for web pages, tracker/dist/matomo.js
	@scripts/need.sh node
	@scripts/install-node-packages.sh tracker
	@cd tracker && npm run --silent build

build: data tracker ## Builds the program, target/fast/takwimu
	@scripts/need.sh cargo
	cargo build --profile fast --bin takwimu

run: build ## Builds and starts the server
	$(TARGET)/fast/takwimu serve --port $(PORT) --data $(DATA)

demo: build ## Fills the folder DEMO with a year of two made-up sites and starts the server on it
	@test -e $(DEMO)/settings.sqlite || $(TARGET)/fast/takwimu demo --data $(DEMO) --hits $(HITS)
	$(TARGET)/fast/takwimu serve --port $(PORT) --data $(DEMO)

check: data tracker ## Format, lints, licences: what must hold before a commit
	@scripts/need.sh cargo
	@scripts/test.sh format lint licences scripts

test: data tracker ## Everything: check, unit tests, recorded scenarios, clients of others, browser
	@scripts/need.sh cargo
	@scripts/test.sh format lint licences scripts rust conformance clients browser

conformance: data tracker ## The recorded scenarios only, against the built program
	@scripts/need.sh cargo
	@scripts/test.sh conformance

clients: build ## Clients that others have written only, against the built program
	@scripts/test.sh clients

browser: data ## The tracker and the pages in a real browser only
	@scripts/need.sh node cargo
	@scripts/test.sh browser

clean: ## Removes what was built here; fetched data stays
	rm -rf target tracker/dist
