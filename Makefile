.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install run cluster test faults restore-drill check bench translations lock clean

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PO := $(wildcard translations/*/LC_MESSAGES/messages.po)
MO := $(PO:.po=.mo)
# a checkout lies where its owner unpacked it: nothing on the outside may point our Python elsewhere
unexport PYTHONHOME PYTHONPATH

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

install: .venv/.run $(MO) ## the environment, in .venv/

run: install ## everything a fresh machine needs, demo data, the server on 127.0.0.1:8000
	@$(BIN)/tirek demo

cluster: install .venv/.test ## the same data on two webs, two Celery workers, beat, relay and Redis, behind nginx
	@$(BIN)/tirek demo --no-serve
	@$(BIN)/tirek cluster $(ARGS)

test: install .venv/.test ## everything the tests need, then all tests (ARGS="-k inbox" picks some)
	@chromium=$$(.ci/browser.sh) && TIREK_CHROMIUM="$$chromium" $(BIN)/python -m pytest -n auto --dist loadscope --max-worker-restart 0 $(ARGS)

restore-drill: install .venv/.test ## lose a server under load, restore it from its backup, print RPO and RTO (ARGS="--seconds 60")
	$(BIN)/python -m tests.faults.restore_drill $(ARGS)

check: install .venv/.test ## format, lint, import contracts, types, templates, translations, schema, instruments, content
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PYTHONPATH=platform $(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/djlint --quiet --lint platform/tirek/web/templates
	@.ci/translations.sh
	$(BIN)/tirek migrate --check
	$(BIN)/tirek instruments lint
	$(BIN)/tirek content lint

bench: install .venv/.test .venv/.bench ## how fast it is, on this machine
	$(BIN)/python tests/bench/run.py $(ARGS)
	$(BIN)/python tests/bench/parents.py
	$(BIN)/python tests/bench/graded.py
	$(BIN)/python tests/bench/measurement.py

faults: install .venv/.test ## nothing is lost: 100,000 submissions under faults, an hour (ARGS="--short": 4 minutes)
	$(BIN)/python -m tests.faults.campaign $(ARGS)

translations: install ## bring translations/ up to date with the code (then fill the empty lines)
	$(BIN)/pybabel --quiet extract -F pyproject.toml --no-location --sort-output -o translations/messages.pot .
	$(BIN)/pybabel --quiet update -N -i translations/messages.pot -d translations

lock: ## requirements*.in -> requirements*.txt, pinned with hashes, naming no host
	@.ci/lock.sh

clean: ## stop the embedded database; delete .venv/ and var/ WITH ALL DATA in it
	@.ci/clean.sh

.venv/.made:
	@.ci/venv.sh
	@touch $@

.venv/.run: requirements.txt pyproject.toml .venv/.made
	@$(PIP) install --require-hashes --only-binary=:all: -r requirements.txt
	@$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

.venv/.test: requirements-test.txt .venv/.run
	@$(PIP) install --require-hashes --only-binary=:all: -r requirements-test.txt
	@touch $@

# only to compare with: without them the bench still runs (factor_analyzer has no wheel; our pinned hatchling builds it)
.venv/.bench: requirements-bench.txt .venv/.test
	-@$(PIP) install --require-hashes --only-binary=:all: --no-binary=factor-analyzer --no-build-isolation -r requirements-bench.txt && touch $@

%.mo: %.po | .venv/.run
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
