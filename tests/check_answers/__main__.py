"""Print a table: exercise, check, right forms, wrong forms."""

from . import CHECKS, exercise, forms

print(f"{'exercise':>8}  {'check':22} {'right':>5} {'wrong':>5}")
for check in sorted(CHECKS, key=lambda check: [int(n) for n in exercise(check).split(".")]):
    right, wrong = forms(check)
    print(f"{exercise(check):>8}  {check.__name__:22} {right:5} {wrong:5}")
