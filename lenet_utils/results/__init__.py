"""What experiments found: records, intervals, the comparison with the paper, shipped weights.

`records` reads and writes what was measured, `intervals` says how sure a mean or a difference is,
`agreement` where a published value lies among our runs. `matrix` sets interpretations of the paper
beside its values, `comparison` all of the paper's numbers beside ours. `trained` loads the weights
that ship, `photographs` says how made photographs were read. The experiments themselves are in the
package `lenet_research`, which no lesson needs.
"""

from lenet_utils.results.intervals import Mean, difference, mean_interval, paired_difference
from lenet_utils.results.records import Record, Run, load_record

__all__ = [
    "Mean",
    "Record",
    "Run",
    "difference",
    "load_record",
    "mean_interval",
    "paired_difference",
]
