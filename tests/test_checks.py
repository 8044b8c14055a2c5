"""What a check says about its lesson is what stands there."""

import re

import nbformat
from conftest import ROOT

from lenet_utils.checks.find_the_bugs import FAULTS, SOUND


def test_the_letters_of_the_check_are_those_of_the_script():
    cells = nbformat.read(ROOT / "notebooks" / "11_find_the_bugs.ipynb", 4).cells
    script = next(cell.source for cell in cells if "```python" in cell.source)
    letters = re.findall(r"^\(([a-z])\) ", script, re.M)
    assert letters == sorted("".join(FAULTS.values()) + "".join(SOUND))
