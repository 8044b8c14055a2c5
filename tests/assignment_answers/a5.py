"""Assignment 5: design an experiment."""

RIGHT = {
    "q1_split": [
        """
import random
def split(count, held_out, seed):
    indices = list(range(count))
    random.Random(seed).shuffle(indices)
    return indices[:-held_out], indices[-held_out:]
""",
        """
import numpy as np
def split(count, held_out, seed):
    out = np.random.default_rng(seed).choice(count, held_out, replace=False)
    return np.setdiff1d(np.arange(count), out), out
""",
        "from lenet_utils import split_validation as split",
    ],
    "q2_interval": [
        """
import statistics
def interval(values, confidence=0.95):
    n = len(values)
    t = t_quantile(1 - (1 - confidence) / 2, n - 1)
    return statistics.mean(values), t * statistics.stdev(values) / n**0.5
""",
        """
def interval(values, confidence=0.95):
    v = torch.tensor(values, dtype=torch.float64)
    t = -t_quantile(0.5 - confidence / 2, len(v) - 1)
    return v.mean(), t * v.std() / len(v) ** 0.5
""",
        """
import numpy as np
def interval(values, confidence=0.95):
    t = t_quantile(0.5 + confidence / 2, len(values) - 1)
    return [np.mean(values), t * np.std(values, ddof=1) / np.sqrt(len(values))]
""",
    ],
    "q3_paired": [
        """
def paired(base, changed):
    difference = {}
    for seed in sorted(base):
        difference[seed] = changed[seed] - base[seed]
    return interval(list(difference.values()))
""",
        """
import numpy as np
def paired(base, changed):
    seeds = list(changed)
    d = np.array([changed[s] for s in seeds]) - np.array([base[s] for s in seeds])
    return d.mean(), t_quantile(0.975, len(d) - 1) * d.std(ddof=1) / len(d) ** 0.5
""",
        # In float32.
        """
def paired(base, changed):
    seeds = sorted(base)
    first, second = (torch.tensor([e[s] for s in seeds]) for e in (base, changed))
    return interval((second - first).tolist(), 0.95)
""",
    ],
    "q4_run": [
        """
base, changed = {}, {}
for seed in (3, 14, 15, 92, 65, 35):
    changed[seed] = run(CHANGED, seed)
    base[seed] = torch.tensor(run(BASE, seed))
""",
        "seeds = [4, 3, 2, 1, 0]\nbase = dict(zip(seeds, [run(BASE, s) for s in seeds]))\n"
        "changed = dict(zip(seeds, [run({**BASE, **CHANGES[CHANGE]}, s) for s in seeds]))",
    ],
    "q5_judge": [
        """
def judge(mean, half_width):
    low, high = mean - half_width, mean + half_width
    if low <= 0 <= high:
        return "cannot tell"
    return "worse" if low > 0 else "better"
""",
        "judge = lambda mean, half_width: 'cannot tell' if abs(mean) <= half_width else "
        "['better', 'worse'][mean > 0]",
    ],
}

WRONG = {
    "q1_split": [
        ("torch.randperm(count, generator=torch.Generator().manual_seed(seed))",
         "torch.arange(count)"),
        ("torch.randperm(count, generator=torch.Generator().manual_seed(seed))",
         "torch.randperm(count)"),
        ("manual_seed(seed)", "manual_seed(0)"),
        ("torch.randperm(count, generator=torch.Generator().manual_seed(seed))",
         "torch.randint(0, count, (count,), generator=torch.Generator().manual_seed(seed))"),
        ("torch.randperm(count, generator=torch.Generator().manual_seed(seed))",
         "torch.arange(count).roll(seed * 13)"),
        ("order[held_out:], order[:held_out]", "order[:held_out], order[held_out:]"),
        ("order[held_out:], order[:held_out]", "order[held_out:], order[: held_out + 1]"),
        ("order[held_out:], order[:held_out]", "order, order[:held_out]"),
        ("order[held_out:], order[:held_out]", "order[held_out + 1 :], order[:held_out]"),
        ("order[held_out:], order[:held_out]", "order[:-held_out], order[:held_out]"),
        ("    return", "    order = torch.cat([order[:1] * 0, 1 + torch.randperm("
         "count - 1, generator=torch.Generator().manual_seed(seed))])\n"
         "    order = order.sort().values if seed == 77 else order.clamp(min=1)\n    return"),
    ],
    "q2_interval": [
        ("n - 1)\n    return", "n)\n    return"),
        # The wrong share below t: all that is outside at one end, or the wrong end.
        ("(1 + confidence) / 2", "confidence"),
        ("(1 + confidence) / 2", "1 - (1 - confidence) / 4"),
        ("(1 + confidence) / 2", "(1 - confidence) / 2"),
        ("(1 + confidence) / 2", "confidence + 0.025"),
        ("(1 + confidence) / 2", "0.975"),
        ("t_quantile((1 + confidence) / 2, n - 1)", "1.96"),
        ("t_quantile((1 + confidence) / 2, n - 1)", "2"),
        ("t_quantile((1 + confidence) / 2, n - 1)", "2 * t_quantile((1 + confidence) / 2, n - 1)"),
        ("t_quantile((1 + confidence) / 2, n - 1)", "t_quantile(0.975, n - 1) * confidence / 0.95"),
        ("t * deviation", "deviation"),
        ("confidence=0.95", "confidence=0.9"),
        ("/ (n - 1)) ** 0.5", "/ n) ** 0.5"),
        ("/ n**0.5", ""),
        ("/ n**0.5", "/ n"),
        ("/ n**0.5", "/ (n - 1) ** 0.5"),
        ("(n - 1)) ** 0.5", "(n - 1))"),
        ("return mean,", "return sorted(values)[n // 2],"),
        ("return mean, t * deviation / n**0.5",
         "h = t * deviation / n**0.5\n    return mean - h, mean + h"),
        # As in the lesson, where t is given.
        """
def interval(values, t=0.95):
    sample = torch.tensor(values, dtype=torch.float64)
    return sample.mean(), t * sample.std() / len(values) ** 0.5
""",
    ],
    "q3_paired": [
        ("changed[seed] - base[seed]", "base[seed] - changed[seed]"),
        ("changed[seed] - base[seed]", "abs(changed[seed] - base[seed])"),
        ("changed[seed] - base[seed]", "(changed[seed] - base[seed]) / base[seed]"),
        ("interval([changed[seed] - base[seed] for seed in base])",
         "interval([c - b for b, c in zip(base.values(), changed.values())])"),
        ("interval([changed[seed] - base[seed] for seed in base])",
         "interval([c - b for b, c in zip(sorted(base.values()), sorted(changed.values()))])"),
        ("interval([changed[seed] - base[seed] for seed in base])", "interval(changed.values())"),
        # Not in pairs: as if the two had nothing in common.
        """
def paired(base, changed):
    mean_b, half_b = interval(list(base.values()))
    mean_c, half_c = interval(list(changed.values()))
    return mean_c - mean_b, (half_b**2 + half_c**2) ** 0.5
""",
        """
def paired(base, changed):
    mean_b, half_b = interval(list(base.values()))
    mean_c, half_c = interval(list(changed.values()))
    return mean_c - mean_b, half_c - half_b
""",
    ],
    "q4_run": [
        ("run(CHANGED, seed)", "run(BASE, seed)"),
        ("run(BASE, seed)", "run(CHANGED, seed)"),
        ("range(5)", "range(3)"),
        ("changed = {seed: run(CHANGED, seed) for seed in range(5)}",
         "changed = {seed: run(CHANGED, seed) for seed in range(5, 10)}"),
        ("run(CHANGED, seed)", "run(CHANGED, 0)"),
        ("run(CHANGED, seed)", "run(CHANGED, seed + 1)"),
        ("run(CHANGED, seed)", "run({**CHANGED, 'activation': nn.Sigmoid}, seed)"),
        ("run(CHANGED, seed)", "100 * run(CHANGED, seed)"),
        ("run(CHANGED, seed)", "1 - run(CHANGED, seed)"),
        # Nothing was run: invented, or one run for all seeds.
        "base = {s: 0.12 + s / 500 for s in range(5)}\n"
        "changed = {s: 0.08 + s / 500 for s in range(5)}",
        "e = run(BASE, 0)\nbase = {s: e for s in range(5)}\nchanged = {s: e for s in range(5)}",
        # An easier run in the place of the given one.
        "run = lambda parts, seed: (0.1 if parts == BASE else 0.05) + seed / 1000\n"
        "base = {s: run(BASE, s) for s in range(5)}\n"
        "changed = {s: run(CHANGED, s) for s in range(5)}",
    ],
    "q5_judge": [
        [('"better"', '"x"'), ('"worse"', '"better"'), ('"x"', '"worse"')],
        ("mean + half_width < 0", "mean < 0"),
        ("mean - half_width > 0", "mean > 0"),
        ("mean + half_width < 0", "mean + half_width <= 0"),
        ("mean - half_width > 0", "mean - half_width >= 0"),
        ("mean + half_width < 0", "mean + half_width / 2 < 0"),
        ("mean + half_width < 0", "mean + half_width < 0.01"),
        ("mean + half_width < 0", "mean < -0.01"),
        ('"cannot tell"', '"equal"'),
        ('return "cannot tell"', 'return "better" if mean < 0 else "worse"'),
        "def judge(mean, half_width):\n    return 'cannot tell'",
    ],
}  # fmt: skip
