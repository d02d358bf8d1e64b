# Everything a newcomer needs. `make run` and `make test` install what they need first, without root.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
FILES := config matcher tests web workers benchmarks

.DEFAULT_GOAL := help
.PHONY: help install run test check lint types bench catalogues messages browser clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(INSTALLED) ## Make .venv with the `tandem` command in it

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Tandem needs Python 3.11 or newer; name one: make PYTHON=python3.12 install") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

catalogues: $(INSTALLED) ## Compile the translations
	@$(BIN)/python -m config.catalogues

run: $(INSTALLED) catalogues ## Start Tandem with a sample programme, on this machine only
	@exec $(BIN)/tandem up

browser:
	@$(BIN)/python -m tests.chromium

test: $(INSTALLED) catalogues browser ## Run the tests, on SQLite and PostgreSQL, with real services
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(INSTALLED)
	$(BIN)/ruff check $(FILES)
	$(BIN)/ruff format --check $(FILES)
	$(BIN)/lint-imports
	$(BIN)/djlint web/templates --lint --quiet

types: $(INSTALLED)
	$(BIN)/mypy

check: lint types test ## What CI runs, with lint and types before it

bench: $(INSTALLED) ## Print the quality and speed figures; DATA=folder has the labelled sets
	$(BIN)/python -m benchmarks.quality --data $(or $(DATA),../shared/data/eval)
	$(BIN)/python -m benchmarks.encoding
	$(BIN)/python -m benchmarks.scale
	$(BIN)/python -m benchmarks.increments
	$(BIN)/python -m benchmarks.congestion
	$(BIN)/python -m benchmarks.cohort
	$(BIN)/python -m benchmarks.peers
	$(BIN)/python -m benchmarks.attacks

clean: ## Remove what was installed; your data stays
	rm -rf .venv

messages: $(INSTALLED) ## Collect new strings into the catalogues of the six languages
	$(BIN)/pybabel -q extract -F config/babel.cfg -k N_ -k lazy_gettext --no-wrap --sort-by-file --no-location --project=Tandem -o config/translations/messages.pot .
	@for locale in ar zh fr ru es; do \
	  if [ -f config/translations/$$locale/LC_MESSAGES/messages.po ]; then action="update --no-fuzzy-matching --ignore-obsolete"; else action=init; fi; \
	  $(BIN)/pybabel -q $$action -i config/translations/messages.pot -d config/translations -l $$locale --no-wrap; \
	done
