"""Weighted graphs of hypotheses: build, compose, find the best path, add up all of them.

An arc says something (a label) and costs something (a penalty). A path says what its arcs say and
costs the sum of their penalties; the lower, the better. Everything below is differentiable with
respect to the penalties, which is how a network learns through a graph.

Source: Sections IV to VI and VIII: segmentation, recognition and interpretation graphs,
the Viterbi and the forward penalty, and generalised transduction.
"""

from lenet_utils.graphs.build import (
    ctc_topology,
    from_arcs,
    from_columns,
    from_grammar,
    from_segments,
    from_string,
    recognised,
)
from lenet_utils.graphs.columns import (
    Machine,
    ctc_machine,
    forward_penalties,
    machine,
    viterbi_penalties,
)
from lenet_utils.graphs.graph import EPSILON, Arc, Graph, Label
from lenet_utils.graphs.paths import (
    NoPath,
    Path,
    best_paths,
    compose,
    forward_penalty,
    logadd,
    posteriors,
    select,
    viterbi,
)

__all__ = [
    "EPSILON",
    "Arc",
    "Graph",
    "Label",
    "Machine",
    "NoPath",
    "Path",
    "best_paths",
    "compose",
    "ctc_machine",
    "ctc_topology",
    "forward_penalties",
    "forward_penalty",
    "from_arcs",
    "from_columns",
    "from_grammar",
    "from_segments",
    "from_string",
    "logadd",
    "machine",
    "posteriors",
    "recognised",
    "select",
    "viterbi",
    "viterbi_penalties",
]
