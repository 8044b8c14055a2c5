"""Checks for the exercises: they say what is wrong and where to look.

A check never raises for a wrong answer; it returns a `Verdict`, which a notebook shows and
which is true when the answer is right.
"""

from lenet_utils.checks.amounts import confidence_by_hand, highest_limit, small_amounts
from lenet_utils.checks.bending import moved_maps, reach, rotations
from lenet_utils.checks.changed_pictures import gradient_step, occlusion
from lenet_utils.checks.debugging import fraction_right, preparation, training_epoch
from lenet_utils.checks.find_the_bugs import choice_of_epoch, faults, saved_weights, suspects
from lenet_utils.checks.from_pixels import parameters_by_layer, shift, shifted_copies
from lenet_utils.checks.hypotheses import lowest_by_hand, lowest_penalties, months
from lenet_utils.checks.layer_by_layer import c3_counts, seven_by_seven, subsampling
from lenet_utils.checks.local_connectivity import (
    layer_sides,
    layers_to_see,
    receptive_field,
    what_c3_sees,
)
from lenet_utils.checks.looking_inside import correlation_ratio, strongest_patch
from lenet_utils.checks.paper_and_modern import by_luck, differ, one_part
from lenet_utils.checks.pooling import (
    any_and_all,
    as_convolution,
    one_square,
    same_after_pooling,
)
from lenet_utils.checks.practice import centre_of_mass, most_confused, training_step, updates
from lenet_utils.checks.rbf_output import distances, loss_at_the_start, map_loss, rejection
from lenet_utils.checks.reproducing import interval, luck, one_more_run, pareto_optimal
from lenet_utils.checks.sliding_window import columns, path_penalty, saving, spell
from lenet_utils.checks.the_family import alexnet_sides, first_full_layer, residual
from lenet_utils.checks.training_1998 import bound, curvature, per_parameter_rates
from lenet_utils.checks.training_the_whole import (
    arc_gradients,
    criteria_by_hand,
    discriminative_forward,
    relative_gain,
)
from lenet_utils.checks.verdict import Verdict
from lenet_utils.checks.weight_sharing import (
    kernel_gradient,
    rgb_parameters,
    textbook_convolution,
    unfolded,
)
from lenet_utils.checks.your_own_problem import class_weights, more_parameters, threshold

__all__ = [
    "confidence_by_hand",
    "highest_limit",
    "small_amounts",
    "arc_gradients",
    "criteria_by_hand",
    "discriminative_forward",
    "relative_gain",
    "class_weights",
    "more_parameters",
    "threshold",
    "columns",
    "path_penalty",
    "saving",
    "spell",
    "lowest_by_hand",
    "lowest_penalties",
    "months",
    "correlation_ratio",
    "gradient_step",
    "occlusion",
    "strongest_patch",
    "one_part",
    "by_luck",
    "differ",
    "moved_maps",
    "reach",
    "rotations",
    "alexnet_sides",
    "first_full_layer",
    "residual",
    "luck",
    "interval",
    "one_more_run",
    "pareto_optimal",
    "per_parameter_rates",
    "curvature",
    "bound",
    "choice_of_epoch",
    "faults",
    "fraction_right",
    "saved_weights",
    "preparation",
    "suspects",
    "training_epoch",
    "rejection",
    "loss_at_the_start",
    "distances",
    "Verdict",
    "any_and_all",
    "as_convolution",
    "c3_counts",
    "centre_of_mass",
    "rgb_parameters",
    "kernel_gradient",
    "layer_sides",
    "layers_to_see",
    "map_loss",
    "most_confused",
    "one_square",
    "parameters_by_layer",
    "receptive_field",
    "same_after_pooling",
    "seven_by_seven",
    "shift",
    "shifted_copies",
    "subsampling",
    "textbook_convolution",
    "training_step",
    "unfolded",
    "updates",
    "what_c3_sees",
]
