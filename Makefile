# Two commands do everything: `make demo` and `make test`. Both begin with `make setup`.
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
BIN := .venv/bin

.PHONY: help setup demo test lint format check page data student cards recordings environment.yml lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z.]*\):.*## /    make \1\t/p' Makefile | expand -t 30

setup:  ## make .venv from uv.lock, once
	@tools/setup.sh

demo: setup  ## build one image, run it in every isolation, measure, simulate, write out/report.html
	@tools/demo.sh out

test: setup  ## run every test; what this machine cannot do is skipped, and the end says why
	@$(BIN)/realrun fetch || echo "make test: some guest tools are not here; their tests will be skipped"
	@$(BIN)/python -m pytest -ra -n auto --dist loadfile

lint: setup  ## rules of style, format and types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: setup  ## put the source into its one format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

check: lint test  ## what has to pass before a change is handed in

page: setup  ## the simulator as one file that opens with a double click: out/simulator.html
	@runtime=$$($(BIN)/python tools/pyodide.py out/cache) && $(BIN)/sim page --runtime "$$runtime" -o out/simulator.html

BUDGET := 40m
RECORDED := out/recorded
data: setup  ## record data/measured anew, with profile and picture; stopped, it goes on when called again
	@$(BIN)/realrun fetch && $(BIN)/realrun base busybox && $(BIN)/realrun build -q -t hello examples/hello
	@$(BIN)/realrun bench all --levels --budget $(BUDGET) -o $(RECORDED)
	@$(BIN)/realrun bench build -o $(RECORDED)
	@$(BIN)/realrun bench peers -o $(RECORDED)
	@mkdir -p data/measured data/profiles && rm -f data/measured/*.csv data/measured/*.meta.json
	@cp $(RECORDED)/*.csv $(RECORDED)/*.meta.json data/measured/ && rm -r $(RECORDED)
	@$(BIN)/sim calibrate data/measured -o data/profiles/recorded.toml
	@$(BIN)/sim run data/profiles/recorded.toml -o out/simulated
	@$(BIN)/sim report --measured data/measured --profile data/profiles/recorded.toml --simulated out/simulated -o out/report.html
	@$(BIN)/sim picture --measured data/measured -o docs/stacks.svg

student: setup  ## write the students' edition of the lessons to out/student (nbgrader's to out/nbgrader)
	@$(BIN)/python -m course student

cards: setup  ## write the misconception cards as a hand-out to out/cards.html
	@$(BIN)/python -m course cards

recordings: setup  ## record anew what lessons show where they cannot be run; needs root, and all isolations
	@$(BIN)/python -m course record

environment.yml: setup  ## write environment.yml anew from pyproject.toml
	@$(BIN)/python tools/environment_yml.py > $@.new && mv $@.new $@

lock: setup  ## pin anew what pyproject.toml asks for
	@UV_NO_CONFIG=1 $(BIN)/uv lock

clean:  ## take away all that these commands made here
	rm -rf .venv out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
