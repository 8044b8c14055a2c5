#!/usr/bin/env bash
# The commands from nothing, as a reader has them: an archive without .git, in a folder that is hard
# to quote, with a umask that shuts others out, under a locale ($1, by default C), and with an npm
# that comes late. It takes an environment's gigabytes and a run of all tests; VENV and TESTS in the
# environment, as for make, save them.
set -euo pipefail
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
course="$top/a folder 书, it's \$HOME"
mkdir "$course" "$top/no npm"
git -C "$(dirname "${BASH_SOURCE[0]}")/.." archive HEAD | tar -x -C "$course"
printf '#!/bin/sh\nexit 127\n' >"$top/no npm/npm"
chmod +x "$top/no npm/npm"
cd "$course"
umask 077
export LC_ALL=${1:-C} PYTHONUTF8=0 ELSEWHERE=1
echo "{'no notebook" >notebooks/Untitled.ipynb

PATH="$top/no npm:$PATH" make book
test ! -e book/_static/vendor
make book pdf
test -e book/_static/vendor/versions.txt
rm -r book/_static/vendor
make test
test -e book/_static/vendor/versions.txt
make assignments TERM="prof's Frühling"
mkdir "$top/home work"
cp assignments/source/a1_shapes_and_counts/a1_shapes_and_counts.ipynb "$top/home work/ann.ipynb"
make grade SUBMISSIONS="$top/home work"
grep -q '^ann,.*,18,20,' "$top/home work-graded/a1_shapes_and_counts/grades.csv"
echo "All commands work in $course"
