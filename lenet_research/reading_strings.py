"""Strings of digits, read by a LeNet-5 that sweeps over them: the experiments `strings...`.

The networks are measured after they have learnt from windows, and after they have learnt from
strings, see `trainer_strings`. `string-criteria` compares what they may learn from strings by, see
`trainer_criteria`.
Source: LeCun, Bottou, Bengio and Haffner (1998), Section VII.
"""

from lenet_research.experiment import Experiment, Settings
from lenet_research.trainer_criteria import CRITERIA, CriteriaTrainer
from lenet_research.trainer_strings import StringTrainer

BASE: Settings = {
    "network": "modern",
    "validation": 5_000,
    "windows": 30_000,
    "window_epochs": 4,
    "window_batch": 64,
    "window_rate": 2e-3,
    "string_epochs": 10,
    "strings": 4_800,
    "string_batch": 32,
    "string_rate": 2e-3,
    "layouts": [{}],
    "distortions": None,
    "held_strings": 500,
    "test_strings": 1_000,
    "test_strings_each": 300,
}
"""Digits of the pool to learn from: all training digits but the `validation` held out. Rates fall
to 0 along half a cosine. `layouts` are drawn equally often, see `Layout`."""

OLD: Settings = {**BASE, "network": "1998"}
ROUGH: Settings = {
    **BASE,
    "layouts": [
        {"size": (0.7, 1.4), "slope": 0.1},
        {"size": (0.7, 1.4), "slope": 0.1, "noise": 0.1},
    ],
    "distortions": {"scale": 0.1, "squeeze": 0.1, "shear": 0.2},
}

COMPARED: Settings = {
    **BASE,
    "network": "1998",
    "windows": 12_000,
    "window_epochs": 3,
    "window_stages": ["isolated"],
    "none": 0.25,
    "jitter": 3,
    "criteria": list(CRITERIA),
    "moving": ["viterbi", "discriminative_forward"],
    "code_factor": 25.0,
    "normalise": False,
    "string_epochs": 2,
    "strings": 2_000,
    "string_batch": 16,
    "held_strings": 300,
}
"""Each criterion gets 250 updates, at the rates of `strings`, which were not searched for each.
Penalties are the distances themselves. Where codes are trained, their rate is `code_factor` times
that of the weights: they have further to go. The jitter was chosen on held-out strings, of 1 to 3.
"""

COMPARED_MODERN: Settings = {
    **COMPARED,
    "network": "modern",
    "window_stages": ["without_none", "isolated"],
    "jitter": 2,
    "criteria": [name for name in CRITERIA if name != "forward"],
    "moving": [],
    "normalise": True,
}
"""Probabilities of a column sum to 1, so all paths cost 0 and the two forward criteria are one."""


def _experiment(name: str, title: str, variant: str, settings: Settings) -> Experiment:
    return Experiment(
        name, title, "Section VII", {variant: settings}, 8, StringTrainer, side_by_side=1
    )


EXPERIMENTS = [
    _experiment("strings", "What training on strings is worth", "modern", BASE),
    _experiment("strings-1998", "The same for LeNet-5 of 1998", "1998", OLD),
    _experiment("strings-noise", "The same with noise, size and slope", "modern", ROUGH),
    Experiment(
        "string-criteria",
        "The four criteria of global training, with fixed codes and with trained ones",
        "Section VI",
        {"1998": COMPARED, "modern": COMPARED_MODERN},
        8,
        CriteriaTrainer,
        side_by_side=1,
    ),
]
