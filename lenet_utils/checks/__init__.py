"""Checks for the exercises: they say what is wrong and where to look.

A check never raises for a wrong answer; it returns a `Verdict`, which a notebook shows and
which is true when the answer is right.
"""

from lenet_utils.checks.layer_by_layer import c3_counts, seven_by_seven, subsampling
from lenet_utils.checks.local_connectivity import layer_sides, receptive_field, what_c3_sees
from lenet_utils.checks.practice import most_confused, training_step, updates
from lenet_utils.checks.rbf_output import distances, loss_at_the_start, rejection
from lenet_utils.checks.verdict import Verdict
from lenet_utils.checks.weight_sharing import colour_counts, textbook_convolution, unfolded

__all__ = [
    "rejection",
    "loss_at_the_start",
    "distances",
    "Verdict",
    "c3_counts",
    "colour_counts",
    "layer_sides",
    "most_confused",
    "receptive_field",
    "seven_by_seven",
    "subsampling",
    "textbook_convolution",
    "training_step",
    "unfolded",
    "updates",
    "what_c3_sees",
]
