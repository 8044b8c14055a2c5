"""Assignment 8: reading strings."""

RIGHT = {
    "q1_survey": [
        """
import numpy as np
survey = dict(
    amounts=np.sum([c is not None for c in FIELDS.cents]),
    total=torch.tensor(sum(c or 0 for c in FIELDS.cents)),
    groups=sum(map(len, PENALTIES)),
    longest=float(len(sorted(FIELDS.texts, key=len)[-1])),
)
""",
        """
survey = {"amounts": 40 - FIELDS.cents.count(None), "total": 0, "groups": 0, "longest": 0}
for text, cents, pieces in zip(FIELDS.texts, FIELDS.cents, PIECES):
    survey["total"] += cents or 0
    survey["groups"] += len(pieces.windows)
    survey["longest"] = max(survey["longest"], len(text))
""",
    ],
    "q2_worth": [
        """
def worth(text):
    rest = text[1:] if text[:1] == "$" else text
    rest = rest.lstrip("*").rstrip("*")
    whole, point, part = rest.partition(".")
    groups = whole.split(",")
    figures = set("0123456789")
    fine = point and len(part) == 2 and set(part) <= figures
    fine = fine and all(group and set(group) <= figures for group in groups)
    fine = fine and len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    fine = fine and (whole == "0" or whole[0] != "0")
    return int("".join(groups) + part) if fine else -1
""",
        """
def worth(text):
    state, cents = "start", 0
    for c in text:
        digit = c in "0123456789"
        if digit:
            cents = 10 * cents + int(c)
        steps = {"start": {"$": "sign", "*": "stars"}, "sign": {"*": "stars"},
                 "stars": {"*": "stars"},
                 "zero": {".": "point"}, "one": {",": "comma", ".": "point"},
                 "two": {",": "comma", ".": "point"}, "three": {",": "comma", ".": "point"},
                 "end": {"*": "over"}, "over": {"*": "over"}}
        digits = {"start": "one", "sign": "one", "stars": "one", "one": "two", "two": "three",
                  "comma": "c1", "c1": "c2", "c2": "three", "point": "tenths", "tenths": "end"}
        if digit and c == "0" and state in ("start", "sign", "stars"):
            state = "zero"
        else:
            state = digits.get(state) if digit else steps.get(state, {}).get(c)
        if state is None:
            return -1
    return cents if state in ("end", "over") else -1
""",
        ("return int(", "return 1 * int("),
    ],
    "q3_lowest": [
        """
def lowest(cuts, penalties, grammar, ends):
    from functools import cache
    last = max(right for _, right in cuts)

    @cache
    def best(cut, state):
        ways = [0.0] if cut == last and state in ends else []
        for a, (left, right) in enumerate(cuts):
            if left == cut:
                for (before, k), after in grammar.items():
                    if before == state:
                        ways.append(penalties[a, k].item() + best(right, after))
        return min(ways, default=math.inf)

    return best(0, 0)
""",
        """
def lowest(cuts, penalties, grammar, ends):
    last = max(max(pair) for pair in cuts)
    states = 1 + max([0, *ends, *grammar.values(), *(s for s, _ in grammar)])
    table = torch.full((last + 1, states), math.inf, dtype=torch.float64)
    table[0, 0] = 0
    for _ in range(last):
        for a, (left, right) in enumerate(cuts):
            for (state, k), after in grammar.items():
                table[right, after] = min(table[right, after], table[left, state] + penalties[a, k])
    return table[last, list(ends)].min() if ends else float("inf")
""",
        ("float(penalties[group, character])", "penalties[group, character].item()"),
    ],
    "q4_total": [
        """
def total(cuts, penalties, grammar, ends):
    last = max(right for _, right in cuts)
    arriving = {}
    arriving[0, 0] = [0.0]

    def joined(node):
        values = torch.tensor(arriving.get(node, [math.inf]), dtype=torch.float64)
        return -torch.logsumexp(-values, 0).item()

    for cut in range(last):
        for a, (left, right) in enumerate(cuts):
            if left == cut:
                for (state, k), after in grammar.items():
                    cost = joined((cut, state)) + float(penalties[a, k])
                    arriving.setdefault((right, after), []).append(cost)
    found = torch.tensor([joined((last, s)) for s in ends] or [math.inf], dtype=torch.float64)
    return -torch.logsumexp(-found, 0)
""",
        ("least = min(a, b)", "least = a if a < b else b"),
    ],
    "q5_confidence": [
        """
def confidence(answer, every):
    total = [torch.logsumexp(-torch.tensor(p, dtype=torch.float64), 0) for p in (answer, every)]
    return torch.exp(total[0] - total[1])
""",
        """
import numpy as np
def confidence(answer, every):
    lowest = min(every)
    return np.exp(lowest - np.array(answer)).sum() / np.exp(lowest - np.array(every)).sum()
""",
    ],
    "q6_report": [
        """
import numpy as np
def report(held, held_right, test, test_right):
    held, bad = np.array(held), ~np.array(held_right)
    counts = np.array([(bad & (held <= d)).sum() for d in held])
    limit = held[counts <= MOST * len(held)].max()
    answered = np.array(test) <= limit
    test_right = np.array(test_right)
    right, wrong = (answered & test_right).mean(), (answered & ~test_right).mean()
    return limit, right, wrong, 1 - right - wrong
""",
        """
def report(held, held_right, test, test_right):
    limit = 0.0
    for d in sorted(set(held)):
        if sum(not r for e, r in zip(held, held_right) if e <= d) > MOST * len(held):
            break
        limit = d
    counts = [0, 0, 0]
    for d, r in zip(test, test_right):
        counts[2 if d > limit else 0 if r else 1] += 1
    return torch.tensor([limit, *(c / len(test) for c in counts)], dtype=torch.float64)
""",
    ],
}

WRONG = {
    "q1_survey": [
        ("if cents is not None", ""),
        ("len(known)", "len(FIELDS.texts)"),
        ("sum(known)", "sum(known) / 100"),
        ("len(pieces.cuts) for", "len(pieces.columns[0]) for"),
        ("max(len(text)", "max(len(text.strip('*$'))"),
        ("max(len(text)", "min(len(text)"),
        "survey = dict(amounts=30, total=1_000_000, groups=1_500, longest=12)",
        "survey = dict.fromkeys(('amounts', 'total', 'groups', 'longest'), 0)",
    ],
    "q2_worth": [
        ("(?:,[0-9]{3})*", "(?:,?[0-9]{3})*"),
        ("[1-9][0-9]{0,2}", "[0-9]{1,3}"),
        ("re.fullmatch(form, text)", "re.match(form, text)"),
        ("re.fullmatch(form, text)", "re.search(form, text)"),
        ("re.fullmatch(form, text)", "re.fullmatch(form, text.strip())"),
        (r"\.([0-9]{2})\**", r"\.([0-9]{2})"),
        (r'r"\$?\**(0', r'r"\**\$?\**(0'),
        (r'r"\$?\**(0', r'r"[$*]*(0'),
        (r"\.([0-9]{2})", r"\.([0-9]{1,2})"),
        ("else -1", "else 0"),
        ('+ found[2])', ")"),
        "def worth(text):\n    from lenet_utils.amounts import cents_of\n"
        "    found = cents_of(text)\n    return -1 if found is None else found",
        "def worth(text):\n    try:\n"
        "        return round(100 * float(text.strip('$*').replace(',', '')))\n"
        "    except ValueError:\n        return -1",
    ],
    "q3_lowest": [
        ("min(cost, best.get", "max(cost, best.get"),
        ("min(cost, best.get((right, following), math.inf))", "cost"),
        ("sorted(range(len(cuts)), key=lambda a: cuts[a])", "range(len(cuts))"),
        ("best[right, following] = min(cost, best.get((right, following), math.inf))",
         "best[right, 0] = min(cost, best.get((right, 0), math.inf))"),
        ("for state in ends), default", "for state in {*grammar.values()}), default"),
        ("best[left, state] + float", "float"),
        ("best.get((last, state), math.inf)", "best.get((last, state), 0.0)"),
        ("float(penalties[group, character])", "float(penalties[group].min())"),
        "def lowest(cuts, penalties, grammar, ends):\n    return math.inf",
        # Without the grammar.
        """
def lowest(cuts, penalties, grammar, ends):
    best = {0: 0.0}
    for a in sorted(range(len(cuts)), key=lambda a: cuts[a]):
        left, right = cuts[a]
        if left in best:
            cost = best[left] + float(penalties[a].min())
            best[right] = min(cost, best.get(right, math.inf))
    return best[max(right for _, right in cuts)]
""",
        ("    last = max", "    penalties -= penalties.min()\n    last = max"),
    ],
    "q4_total": [
        ("all_ways[right, following] = logadd(cost, before)",
         "all_ways[right, following] = min(cost, before)"),
        ("found = logadd(found, all_ways", "found = min(found, all_ways"),
        ("return least - math.log(math.exp(least - a) + math.exp(least - b))",
         "return -math.log(math.exp(-a) + math.exp(-b))"),
        ("return least - math.log", "return least + math.log"),
        ("return least - math.log(math.exp(least - a) + math.exp(least - b))", "return a + b"),
        ("logadd(cost, before)", "cost"),
        ("for state in ends:", "for state in {*grammar.values()}:"),
        "def total(cuts, penalties, grammar, ends):\n"
        "    return lowest(cuts, penalties, grammar, ends)",
    ],
    "q5_confidence": [
        ("math.exp(least - p)", "math.exp(-p)"),
        ("math.exp(least - p)", "p"),
        ("weights[0] / weights[1]", "weights[0] / (weights[0] + weights[1])"),
        ("weights[0] / weights[1]", "-math.log(weights[0] / weights[1])"),
        ("weights[0] / weights[1]", "weights[1] / weights[0]"),
        "def confidence(answer, every):\n    return math.exp(min(every) - min(answer))",
        "def confidence(answer, every):\n    return len(answer) / len(every)",
        ("    least = min(every)", "    every.sort()\n    least = every[0]"),
    ],
    "q6_report": [
        ("max(d for d in held if mistakes(d, held, held_right) <= MOST * len(held))",
         "max(d for d in test if mistakes(d, test, test_right) <= MOST * len(test))"),
        ("d <= limit and not r", "d < limit and not r"),
        ("limit = max(d for d", "limit = min(d for d"),
        ("MOST * len(held)", "MOST"),
        ("MOST * len(held)", "2 * MOST * len(held)"),
        ("if d <= limit]", "if d < limit]"),
        ("right / len(test), wrong / len(test)", "wrong / len(test), right / len(test)"),
        ("right / len(test), wrong / len(test)", "right / len(answered), wrong / len(answered)"),
        ("1 - len(answered) / len(test)", "len(answered) / len(test)"),
        # The first mistake is taken for the limit.
        ("max(d for d in held if mistakes(d, held, held_right) <= MOST * len(held))",
         "min(d for d, r in zip(held, held_right) if not r)"),
    ],
}  # fmt: skip
