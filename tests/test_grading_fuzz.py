"""A few of the mutated notebooks and names; `python tests/fuzz_grading.py` tries 10,000."""

import sys

import pytest
from fuzz_grading import fuzz, trial


@pytest.mark.skipif(sys.platform == "win32", reason="grading needs Linux or macOS")
def test_no_notebook_and_no_name_stops_the_others() -> None:
    with trial() as one:
        fuzz(one, 25, seed=1)
        assert one.seen["folders"] >= 25
        assert min(one.seen["refused"], one.seen["ready to be graded"]) > 5
