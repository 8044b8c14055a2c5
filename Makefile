# make book       build the book into _build/html (first run: also .venv and MNIST)
# make pdf        print the book, and the report alone, into _build/*.pdf
# make test       the same set-up, then every test; TESTS="tests/test_x.py" runs those alone
# make test-lowest  the package's tests with the lowest versions that pyproject.toml declares
# make test-native  the kernels with every compiler that is here, and for ARM under emulation
# make test-apart run the tests that take longest: JupyterLab, a release, the pages' commands
# make mutants    change the code in 300 places, one at a time; list what no test notices (hours)
# make edition    write the lessons as the notebooks that people run, into _build/edition
# make lab        open those in JupyterLab, in my-lessons; FOLDER=folder names another one
# make colab      run them with the versions of Python's packages that Colab has
# make serve      serve the built book at http://localhost:8000
# make slides     the same, and say where the slides are: slides/*.md with figures of the lessons
# make notebooks  run all lessons in place and store their outputs
# make assignments  the students' notebooks from their masters; TERM=2027-spring draws new numbers
# make grade     grade SUBMISSIONS=folder: points as CSV, a page for each student
# make bench      time the package against the tutorial way
# make elsewhere  all this from nothing, in a folder and a locale (LOCALE=C) that are hard to bear
# make clean      remove what was built; keeps .venv and MNIST
#
# Another Python:  make PYTHON=python3.12 VENV=.venv312 book
#
# A name may hold spaces, quotes and any letter, so it is handed to the shell in quotes, and what
# somebody types after make in a variable of the environment. Each tool finds out itself whether
# there is something to do: no file says that a step was done when its result has gone.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000

SITE := _build/html/index.html
PDF := _build/lenet5-rebuilt.pdf
REPORT := _build/lenet5-reproduction.pdf
CODE := assignments/*.py assignments/grading benchmarks book lenet_utils lenet_research tests tools
PY := "$$COURSE/bin/python"
# With what went wrong as the last line, and without what led to it.
LOAD_MNIST := -c 'import lenet_utils, sys; sys.tracebacklimit = 0; lenet_utils.load_mnist()'

# The package is this folder's, also where the environment was made for another one.
export PYTHONPATH := $(CURDIR)$(if $(value PYTHONPATH),:$(value PYTHONPATH))
# Whatever the locale.
export PYTHONUTF8 := 1

export COURSE := $(value VENV)
export GIVEN_PYTHON := $(value PYTHON)
export GIVEN_SUBMISSIONS := $(value SUBMISSIONS)
export GIVEN_ROSTER := $(value ROSTER)
export GIVEN_FOLDER := $(if $(value FOLDER),$(value FOLDER),my-lessons)
# The shell has a TERM too, its terminal's: only one that was given to make counts.
ifeq ($(origin TERM),command line)
export GIVEN_TERM := $(value TERM)
unexport TERM
endif
unexport SUBMISSIONS ROSTER OPTIONS FOLDER

.DEFAULT_GOAL := book
.NOTPARALLEL:
.PHONY: book pdf slides test test-apart test-lowest test-native mutants edition lab colab serve notebooks assignments grade bench elsewhere clean
.PHONY: environment grading vendor mnist FORCE

book: $(SITE)
	@$(PY) $(LOAD_MNIST) || echo "The book needs no MNIST; the lessons will ask for it again." >&2
	@echo
	@echo "The book is at $$PWD/$(SITE)"
	@echo "To serve it: make serve, then open http://localhost:$(PORT)"

pdf: $(PDF) $(REPORT)
	@echo "The book is at $$PWD/$(PDF), its report alone at $$PWD/$(REPORT)"

$(PDF): $(SITE) tools/pdf.py
	$(PY) tools/pdf.py _build/html $@

$(REPORT): $(SITE) tools/pdf.py
	$(PY) tools/pdf.py --page book/reproduction _build/html $@

slides: $(SITE)
	@ls _build/html/slides/*.html

environment:
	@"$$GIVEN_PYTHON" tools/environment.py "$$COURSE" requirements.txt

# An environment of its own, which sees the packages of the course's.
grading: environment
	@"$$GIVEN_PYTHON" tools/environment.py "$$COURSE-grading" \
		assignments/grading/requirements.txt "$$COURSE"

mnist: environment
	@$(PY) $(LOAD_MNIST)

vendor: environment
	@$(PY) tools/vendor.py

$(SITE): environment vendor edition FORCE
	@$(PY) tools/build_book.py

# On three workers, one of which mostly waits for the browser, and with one thread each, since two
# that both want both cores wait for each other. Tests and lessons go file by file, and
# tests/conftest.py says what more stays together.
test: mnist edition $(SITE)
	notebooks=$$($(PY) tools/contents.py --assignments) && \
	$(PY) -m ruff check $(CODE) $$notebooks && \
	$(PY) -m ruff format --check $(CODE) $$notebooks && \
	OMP_NUM_THREADS=1 $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder \
		--nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg \
		$(if $(TESTS),$(value TESTS),tests $(APART:%=--ignore=%) _build/edition/*.ipynb)

# What takes a minute or two each and seldom breaks: kernels, servers, scratch repositories,
# environments, the book on paper, pages taken at their word. So that `make test` stays within the time of a coffee.
APART := $(addprefix tests/test_,lab.py resumed.py release.py docs.py environment.py pdf.py \
	grading_again.py grading_alike.py grading_ways.py assignments_public.py other_browsers.py)
test-apart: mnist edition $(SITE)
	OMP_NUM_THREADS=1 $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(APART)

# With numpy 1 and with numpy 2, each in an environment of its own; NUMPY=2 tries that one alone.
test-lowest:
	"$$GIVEN_PYTHON" tools/lowest.py $(NUMPY)

test-native: environment
	$(PY) tools/native.py

# In an environment of its own, which sees the packages of the course's.
mutants: mnist
	@"$$GIVEN_PYTHON" tools/environment.py "$$COURSE-mutants" tools/mutants.txt "$$COURSE"
	OMP_NUM_THREADS=1 "$$COURSE-mutants/bin/python" tools/mutants.py $(value OPTIONS)

edition: environment
	@$(PY) tools/edition.py

lab: mnist edition
	@$(PY) tools/lab.py "$$GIVEN_FOLDER"

# In an environment of its own, which sees the packages of the course's, PyTorch among them.
colab: mnist edition
	@"$$GIVEN_PYTHON" tools/environment.py "$$COURSE-colab" tools/colab.txt "$$COURSE"
	"$$COURSE-colab/bin/python" tools/run_edition.py $(value OPTIONS)

serve: $(SITE)
	@$(PY) -c 'import socket, sys; socket.create_server(("127.0.0.1", int(sys.argv[1])))' \
		"$(PORT)" 2>/dev/null || \
		{ echo "Port $(PORT) is in use, or none to use. Another one: make serve PORT=8001" >&2; exit 2; }
	$(PY) -m http.server "$(PORT)" --bind 127.0.0.1 --directory _build/html

notebooks: mnist
	$(PY) tools/run_notebooks.py

assignments: environment
	@$(PY) tools/assignments.py $${GIVEN_TERM+-- "$$GIVEN_TERM"}

# ROSTER=class.csv fills in who is who; OPTIONS="--workers 4" and others: assignments/grading/README.md
# Without a folder nothing is installed before the question for it. When root grades, submissions run
# as a user of their own, who has to read these two folders whatever the umask was.
grade: $(if $(value SUBMISSIONS),grading)
	@test -n "$$GIVEN_SUBMISSIONS" || \
		{ echo "Which folder? make grade SUBMISSIONS=folder" >&2; exit 2; }
	@test "$$(id -u)" != 0 || chmod -R go+rX lenet_utils assignments/grading/inside
	@"$$COURSE-grading/bin/python" assignments/grading $${GIVEN_ROSTER:+"--roster=$$GIVEN_ROSTER"} \
		$(value OPTIONS) -- "$$GIVEN_SUBMISSIONS"

bench: mnist
	$(PY) benchmarks/bench.py

elsewhere:
	bash tools/elsewhere.sh $(LOCALE)

clean:
	rm -rf _build artefacts book/_static/vendor
