"""Right and wrong answers to every exercise, a module for each module of `lenet_utils.checks`.

A module gives `RIGHT`, a list of (check, answers), and `WRONG`, a list of (check, answers, a part
of the message that is true of this answer). `python -m tests.check_answers` prints how many there
are of each.
"""

import pkgutil
import re
from importlib import import_module

from lenet_utils import checks

SUPPORT = ("__main__", "forged")
MODULES = {
    found.name: import_module(f"{__name__}.{found.name}")
    for found in pkgutil.iter_modules(__path__)
    if found.name not in SUPPORT
}
RIGHT = [answer for module in MODULES.values() for answer in module.RIGHT]
WRONG = [answer for module in MODULES.values() for answer in module.WRONG]
CHECKS = [getattr(checks, name) for name in checks.__all__ if name != "Verdict"]


def exercise(check):
    """Return the number of a check's exercise, as its docstring has it."""
    return re.search(r"exercise (\d+\.\d+)", check.__doc__)[1]


def forms(check):
    """Return how many right and how many wrong answers a check is tested with."""
    return tuple(sum(answer[0] is check for answer in answers) for answers in (RIGHT, WRONG))
