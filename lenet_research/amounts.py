"""A reader of amounts, from pieces of ink to dollars and cents: the experiment `amounts`.

One network reads printed and handwritten fields. It learns first from single characters, from
pieces of wrong cuts as "rubbish" with them, then from whole fields by the discriminative forward
criterion. It is measured after either. Typefaces, writers and fields that choices are made on, and
those that are tested with, are none that it was trained on.
Source: LeCun, Bottou, Bengio and Haffner (1998), Section X.
"""

from lenet_research.experiment import Experiment, Settings
from lenet_research.trainer_amounts import AmountTrainer

BASE: Settings = {
    "validation": 5_000,
    "distortions": {"scale": 0.05, "squeeze": 0.12, "shear": 0.12},
    "characters": 30_000,
    "fields": 400,
    "others": 0.15,
    "epochs": 6,
    "batch": 64,
    "rate": 2e-3,
    "global_fields": 400,
    "global_epochs": 2,
    "global_batch": 8,
    "global_rate": 5e-4,
    "held_fields": 250,
    "test_fields": 250,
    "most_wrong": 0.005,
}
"""`characters` stand alone, half of them handwritten digits; `fields`, of each kind, are cut. Of
the fields `others` are dates and numbers. The limit of doubt of each kind of fields is the highest
one at which at most `most_wrong` of its held-out fields are read wrong; answers to dates count."""

EXPERIMENTS = [
    Experiment(
        "amounts",
        "A reader of amounts, printed and handwritten, and what it rejects",
        "Section X",
        {"modern": BASE},
        8,
        AmountTrainer,
        side_by_side=1,
    ),
]
