# make book       build the book into _build/html (first run: also .venv and MNIST)
# make pdf        print the book into _build/lenet5-rebuilt.pdf
# make test       the same set-up, then every test
# make lab        open the lessons in JupyterLab
# make serve      serve the built book at http://localhost:8000
# make slides     the same, and say where the slides are: slides/*.md with figures of the lessons
# make notebooks  run all lessons in place and store their outputs
# make assignments  the students' notebooks from their masters; TERM=2027-spring draws new numbers
# make grade     grade SUBMISSIONS=folder: points as CSV, a page for each student
# make bench      time the package against the tutorial way
# make clean      remove what was built; keeps .venv and MNIST
#
# Another Python:  make PYTHON=python3.12 VENV=.venv312 book

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000

BIN := $(VENV)/bin
GRADING := $(VENV)-grading
SITE := _build/html/index.html
INSTALLED := $(VENV)/.installed
VENDORED := _build/.vendored
MNIST := _build/.mnist

SOURCES := _config.yml _toc.yml $(wildcard lenet_utils/trained/* lenet_utils/records/*) $(shell find book notebooks slides -type f \
	! -path '*/vendor/*' ! -path '*/.ipynb_checkpoints/*' ! -name '*.pyc')

.DEFAULT_GOAL := book
.PHONY: book pdf slides test check lab serve notebooks assignments grade bench clean

book: $(MNIST) $(SITE)
	@echo
	@echo "The book is at $(CURDIR)/$(SITE)"
	@echo "To serve it: make serve, then open http://localhost:$(PORT)"

pdf: _build/lenet5-rebuilt.pdf

_build/lenet5-rebuilt.pdf: $(SITE) tools/pdf.py
	$(BIN)/python tools/pdf.py _build/html $@
	@echo "The book is at $(CURDIR)/$@"

slides: $(SITE)
	@ls _build/html/slides/*.html

$(INSTALLED): requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; v = sys.version.split()[0]; \
		sys.exit(None if sys.version_info >= (3, 11) else \
		f"This course needs Python 3.11 or newer; $(PYTHON) is {v}. Try: make PYTHON=python3.12 book")'
	@echo "Installing what the course needs into $(VENV): minutes and some GB the first time"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(MNIST): lenet_utils/download.py | $(INSTALLED)
	$(BIN)/python -c 'import lenet_utils; lenet_utils.load_mnist()'
	@mkdir -p $(@D) && touch $@

$(VENDORED): tools/vendor.py | $(INSTALLED)
	$(BIN)/python tools/vendor.py
	@mkdir -p $(@D) && touch $@

# From nothing each time, since Sphinx does not repeat a warning about a page that it read before;
# and aside, so that the book that stands there is replaced only by a whole one.
$(SITE): $(SOURCES) $(INSTALLED) $(VENDORED)
	@mkdir -p _build
	new=$$(mktemp -d _build/new.XXXXXX) && trap 'rm -rf "$$new"' EXIT && \
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/jupyter-book build . --path-output "$$new" \
		-W -n --keep-going --quiet >/dev/null && \
	rm -rf _build/html && mv "$$new/_build/html" _build/html
	@touch $@

# On three workers, one of which mostly waits for the browser, and with one thread each, since two
# that both want both cores wait for each other. Tests and lessons go file by file, and
# tests/conftest.py says what more stays together.
test: $(MNIST) $(SITE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder \
		--nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg tests notebooks

lab: $(MNIST)
	$(BIN)/jupyter lab notebooks

serve: $(SITE)
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

notebooks: $(MNIST)
	$(BIN)/python tools/run_notebooks.py

# The shell has a TERM too, its terminal's: only one that was given to make counts.
assignments: | $(INSTALLED)
ifeq ($(origin TERM),command line)
	@printf '%s\n' '$(TERM)' > assignments/term.txt
endif
	cd assignments && $(abspath $(BIN))/nbgrader generate_assignment --force --no-db \
		--assignment '*' --log-level ERROR
	@echo "For students, with the numbers of the term \"$$(cat assignments/term.txt 2>/dev/null || echo open)\":"
	@ls assignments/release/*/*.ipynb

# An environment of its own, which sees the packages of the course's.
$(GRADING)/.installed: assignments/grading/requirements.txt | $(INSTALLED)
	test -x $(GRADING)/bin/python || $(BIN)/python -m venv $(GRADING)
	$(BIN)/python -c 'import site; print(f"import site; site.addsitedir({site.getsitepackages()[0]!r})")' \
		> "$$($(GRADING)/bin/python -c 'import site; print(site.getsitepackages()[0])')/course.pth"
	$(GRADING)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# ROSTER=class.csv fills in who is who; OPTIONS="--workers 4" and others: assignments/grading/README.md
# Without a folder nothing is installed before the question for it.
grade: $(if $(SUBMISSIONS),$(GRADING)/.installed)
	@test -n "$(SUBMISSIONS)" || { echo "Which folder? make grade SUBMISSIONS=folder" >&2; exit 2; }
	@$(GRADING)/bin/python assignments/grading "$(SUBMISSIONS)" $(if $(ROSTER),--roster "$(ROSTER)") $(OPTIONS)

bench: $(MNIST)
	$(BIN)/python benchmarks/bench.py

clean:
	rm -rf _build artefacts book/_static/vendor
