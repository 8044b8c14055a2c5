#!/usr/bin/env bash
# Gradescope runs this once, when the image of the autograder is built.
set -euo pipefail
cd /autograder/source
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --no-install-recommends python3 python3-venv util-linux g++ >/dev/null
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "Choose an image with Python 3.11 or newer, such as Ubuntu 24.04" >&2; exit 1; }
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install --quiet torch torchvision \
    --index-url https://download.pytorch.org/whl/cpu
/autograder/venv/bin/pip install --quiet . -r assignments/grading/requirements.txt
# What students' code runs as may read Python and the package, and nothing of the assignment.
chmod -R go+rX /autograder/venv assignments/grading/inside
chmod go+x /autograder/source assignments assignments/grading
chmod -R go-rwx assignments/source assignments/*.txt assignments/*.py assignments/grading/*.py
