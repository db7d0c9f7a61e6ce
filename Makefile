# Every command of this project. `make` or `make help` lists them. Needs GNU make 3.81 and bash 3.2 or later.
.DEFAULT_GOAL := help
.PHONY: whole attack chaos-service help setup demo run desk desk-day sandbox test check lint format bench fuzz fuzz-api docs chaos-readers chaos-issuance walks words chaos-kiosk lock clean

PYTHON_IN_VENV := .venv/bin/python
BIN := .venv/bin
PACKAGES := readers cardsvc kiosk

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is needed: Debian packages (as root, or SETUP=1 for sudo) and .venv
	@.ci/setup test

demo: ## the whole story once, from an empty city to a revoked card; cleans up after itself
	@.ci/setup demo
	@$(PYTHON_IN_VENV) -m kiosk.city demo

run: ## a whole city that stays up: service, departments, kiosk screen, a card to put on the reader
	@.ci/setup demo
	@$(PYTHON_IN_VENV) -m kiosk.city run

desk: ## the clerk's desk with officers' cards, blank cards and residents to try it with
	@.ci/setup desk
	@$(PYTHON_IN_VENV) -m kiosk.city desk

sandbox: ## a card service with test people and test cards, for developers of departments (docs/departments.md)
	@.ci/setup demo
	@$(PYTHON_IN_VENV) -m kiosk.city sandbox

test: ## all tests, on real PC/SC and PostgreSQL where they are there (ARGS="-k tap" for some)
	@.ci/setup test
	@$(PYTHON_IN_VENV) -m pytest -n auto --dist worksteal $(ARGS)

whole: ## all tests, with every combination that `make test` takes a sample of (ARGS="tests/integration/kiosk/test_looks.py")
	@WHOLE=1 $(MAKE) test

check: lint ## lint, then all tests with coverage; CI runs the tests without, then the demo
	@$(MAKE) test ARGS="--cov"

lint: ## format, style, types, import contracts, migrations in step with the models
	@.ci/setup test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@room=$$(mktemp -d) && trap 'rm -rf "$$room"' EXIT && export CARDSVC_DATABASE_URL="sqlite:///$$room/cards.db" && \
	  echo "$(BIN)/alembic upgrade head && $(BIN)/alembic check" && $(BIN)/alembic upgrade head && $(BIN)/alembic check

format: ## put the code into the project's format and mend what ruff can mend
	@.ci/setup test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: ## measure taps, authentications, 500 kiosks at one service and the screen; writes var/bench/report.json
	@.ci/setup test
	@$(PYTHON_IN_VENV) -m tests.bench

fuzz: ## look for bytes of a card that our parsers choke on (ARGS="--seconds 600 cms" for longer, for one)
	@.ci/setup test
	@$(PYTHON_IN_VENV) -c "import atheris" 2>/dev/null || \
	  { echo "installing atheris into .venv" && $(PYTHON_IN_VENV) -m pip install --quiet "atheris>=3.0"; }
	@nice $(PYTHON_IN_VENV) -m tests.fuzz $(ARGS)

fuzz-api: ## schemathesis over the whole API, both databases; writes var/fuzz/api.json (ARGS="--seconds 900 --seed 7")
	@.ci/setup test
	@nice $(PYTHON_IN_VENV) -m tests.fuzz.api $(ARGS)

chaos-readers: ## 10,000 random faults of cards, readers and pcscd; writes var/chaos/readers.json (ARGS="--seed 7")
	@.ci/setup test
	@$(PYTHON_IN_VENV) -m tests.chaos.readers $(ARGS)

chaos-issuance: ## a card torn out of a real reader at every command of its making; takes some minutes
	@.ci/setup test
	@$(PYTHON_IN_VENV) -m pytest tests/chaos/issuance/campaign.py -q -n0 -s --no-cov $(ARGS)

walks: ## every service of the city to its receipt and every refusal, on real PC/SC in a real browser, in three languages
	@.ci/setup test
	@$(PYTHON_IN_VENV) -m pytest tests/walks/campaign.py -q -n0 --no-cov $(ARGS)

chaos-kiosk: ## a kiosk killed and cut off before and after every request of a visit; takes some minutes
	@.ci/setup test
	@$(PYTHON_IN_VENV) -m pytest tests/chaos/kiosk/campaign.py -q -n0 --no-cov -k every_step $(ARGS)

chaos-service: ## the service killed under load on both databases; writes var/chaos/service.json (ARGS="--rounds 100 --seed 7")
	@.ci/setup test
	@$(PYTHON_IN_VENV) -m tests.chaos.service $(ARGS)

desk-day: ## a scripted day at the issuing desk: 200 applications, 2 clerks, random faults; writes var/chaos/desk.json (ARGS="--seed 7")
	@.ci/setup test
	@$(PYTHON_IN_VENV) -m tests.chaos.desk $(ARGS)

attack: ## forged proofs and tokens by the hundred thousand; writes var/attack/report.json (ARGS="--seed 7 --count 1000")
	@.ci/setup test
	@nice $(PYTHON_IN_VENV) -m tests.attack $(ARGS)

docs: ## write docs/problems.md anew from the code
	@.ci/setup test
	@$(PYTHON_IN_VENV) -m tests.pages.problems

words: ## bring what en.toml says to the translators' catalogues (*.po beside it); then translate what is new
	@.ci/setup test
	@room=$$(mktemp -d) && trap 'rm -rf "$$room"' EXIT && pybabel=$(CURDIR)/$(BIN)/pybabel && \
	  for folder in kiosk/screen/words kiosk/desk/words; do cd $(CURDIR)/$$folder && \
	    $$pybabel -q extract -F babel.cfg --no-location --project citizen-card --version 1 -o "$$room/words.pot" . && \
	    for catalogue in *.po; do \
	      $$pybabel -q update -i "$$room/words.pot" -o "$$catalogue" -l "$${catalogue%.po}" --width 120 \
	        --ignore-obsolete --ignore-pot-creation-date --previous || exit 1; \
	    done || exit 1; \
	  done

lock: ## choose the newest releases pyproject.toml allows and write both lock files anew
	@.ci/lock

clean: ## remove everything that was made here: .venv, var, caches
	rm -rf .venv var build *.egg-info .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(PACKAGES) migrations tests -name __pycache__ -prune -exec rm -rf {} +
