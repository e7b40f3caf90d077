# make run      opens the window on the demo home (in the terminal where there is no display)
# make test     passes the tests, without a screen
# make check    format, lint, strict types, import contracts
# make interop  proves the protocols against other people's programs
# make bench    measures speed beside a peer
# make fuzz     feeds every reader of bytes what it learns to fear (make fuzz SECONDS=600; 60 unless told)
# make soak     runs a thousand sessions in one process and shows what they leave behind
# Each does all the set-up that it needs, in .venv.

PYTHON ?= python3
BIN := .venv/bin
RUN_READY := .venv/.ready-run
DEV_READY := .venv/.ready-dev
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test check interop interop-setup bench fuzz soak format clean
.DEFAULT_GOAL := run

run: $(RUN_READY)
	$(BIN)/twoway demo

test: $(DEV_READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -m "not interop" $(ARGS)

check: $(DEV_READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

interop-setup: $(DEV_READY)
	@packaging/system-packages.sh packaging/debian-interop.txt
	@for script in tests/interop/setup_*.sh; do sh $$script || echo "$$script did not finish: its tests will be skipped."; done

interop: interop-setup
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -m interop -rs tests/interop $(ARGS)

bench: interop-setup
	@for script in tests/bench/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

SECONDS ?= 60
fuzz: $(DEV_READY)
	@sh tests/fuzz/setup.sh
	$(BIN)/python tests/fuzz/run.py --seconds $(SECONDS) $(ARGS)

soak: $(DEV_READY)
	TWOWAY_SOAK_SESSIONS=1000 $(BIN)/python -m pytest tests/protocols/iso15118/test_soak_sessions.py $(ARGS)

format: $(DEV_READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .interop build *.egg-info

.venv/bin/python:
	@packaging/system-packages.sh packaging/debian-venv.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Twoway needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

$(RUN_READY): .venv/bin/python packaging/requirements.lock packaging/debian-run.txt pyproject.toml
	@packaging/system-packages.sh packaging/debian-run.txt
	@echo "Installing Twoway's libraries in .venv (a few minutes the first time)"
	@$(PIP) install --require-hashes -r packaging/requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_READY): $(RUN_READY) packaging/requirements-dev.lock
	@$(PIP) install --require-hashes -r packaging/requirements-dev.lock
	@touch $@
