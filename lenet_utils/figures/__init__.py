"""The figures of the lessons, in one style, for light and dark pages.

Each function returns a `Figure`: an SVG whose lines and letters take the colour of the text
around them, a text that says what is to be seen, and the arrays that were drawn.
"""

from lenet_utils.figures.agreement import agreement
from lenet_utils.figures.charts import Measured, Series, interval_plot, lines
from lenet_utils.figures.columns import columns_of_answers, fields
from lenet_utils.figures.costs import costs, size_and_work
from lenet_utils.figures.hypotheses import cuts, graph
from lenet_utils.figures.inside import answer_and_distances, by_layer, feature_maps
from lenet_utils.figures.network import glyphs, pictures, shares, wiring
from lenet_utils.figures.outcomes import outcomes
from lenet_utils.figures.panels import curves, panels, windows
from lenet_utils.figures.photos import photo_outcomes, photo_steps
from lenet_utils.figures.steps import convolution_step
from lenet_utils.figures.style import BLUE, GREEN, ORANGE, PURPLE, Figure
from lenet_utils.figures.training import answers, confusion_matrix, learning_curves

__all__ = [
    "BLUE",
    "GREEN",
    "ORANGE",
    "PURPLE",
    "Figure",
    "Measured",
    "Series",
    "agreement",
    "answers",
    "columns_of_answers",
    "fields",
    "by_layer",
    "confusion_matrix",
    "convolution_step",
    "costs",
    "cuts",
    "curves",
    "feature_maps",
    "glyphs",
    "graph",
    "interval_plot",
    "learning_curves",
    "lines",
    "outcomes",
    "panels",
    "photo_outcomes",
    "photo_steps",
    "pictures",
    "answer_and_distances",
    "shares",
    "size_and_work",
    "windows",
    "wiring",
]
