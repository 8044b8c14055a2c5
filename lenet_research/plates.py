"""Characters of number plates with 65 classes: the experiments `plates...`, for lesson 12.

Errors are on typefaces that are neither in the training nor in the validation set.
"""

from lenet_research.experiment import Experiment, Settings
from lenet_research.trainer_plates import PlateTrainer, group

BASE: Settings = {
    "network": "modern",
    "codes": None,
    "j": None,
    "data": "plates",
    "part": 1 / 3,
    "per_class": None,
    "pretrained": None,
    "augmentation": True,
    "imbalance": "sampler",
    "smoothing": 0.0,
    "lr": 4e-3,
    "weight_decay": 1e-3,
    "batch_size": 64,
    "epochs": 15,
}
"""`part` of the pictures of each class, and `per_class` of them at most; "imbalance": a sampler
that draws every class equally often, weights of the loss, or None. The rate rises, then falls to 0
along half a cosine. `outliers`, where it is given, is the part of an epoch's pictures that show no
character, a class of its own."""

NORMALISED: Settings = {**BASE, "network": "modern, batch norm", "epochs": 12}
OLD: Settings = {**BASE, "network": "1998", "lr": 1e-3, "j": 10.0, "epochs": 12}
FEW: Settings = {**BASE, "part": 1.0, "imbalance": None}
ALL: Settings = {**NORMALISED, "part": 1.0, "lr": 6e-3, "batch_size": 128, "smoothing": 0.1}
EPOCHS = {5: 60, 20: 30, 100: 10}
"""Of networks that see so many pictures of each class."""

EXPERIMENTS = [
    Experiment(
        "plates",
        "LeNet-5 with 65 classes, and what augmentation and equal classes are worth",
        "lesson 12",
        {
            "modern": BASE,
            "modern, no augmentation": {**BASE, "augmentation": False},
            "modern, classes as they are": {**BASE, "imbalance": None},
            "modern, batch norm": NORMALISED,
            "tutorial": {**BASE, "network": "tutorial", "lr": 2e-3, "epochs": 12},
            "ResNet": {**NORMALISED, "network": "resnet", "epochs": 10},
            "modern, batch norm, all pictures": {**NORMALISED, "part": 1.0, "epochs": 10},
        },
        5,
        PlateTrainer,
        side_by_side=8,
        group=group,
    ),
    Experiment(
        "plates-none",
        "What a class for what is no character is worth",
        "lesson 12",
        {
            "characters only": ALL,
            "a class of its own": {**ALL, "outliers": 0.2},
        },
        5,
        PlateTrainer,
        side_by_side=8,
        group=group,
    ),
    Experiment(
        "plates-codes",
        "What the codes of 65 classes are worth",
        "Section II-B, p. 8",
        {
            f"{kind}, rate {rate:g}": {**OLD, "codes": kind, "lr": rate}
            for kind in ("typeface", "random", "one-hot")
            for rate in (1e-3, 3e-4)
        },
        5,
        PlateTrainer,
        side_by_side=8,
        group=group,
    ),
    Experiment(
        "plates-transfer",
        "What features learnt from other scripts are worth",
        "lesson 12",
        {
            f"{how or 'from scratch'}, {n} a class": {
                **FEW,
                "pretrained": how,
                "per_class": n,
                "epochs": EPOCHS[n],
            }
            for n in (20, 5, 100)
            for how in (None, "fine-tuned", "frozen")
        },
        5,
        PlateTrainer,
        side_by_side=8,
        group=group,
    ),
]
