"""A reader of amounts: fields of cheques, made, and the chain that reads them.

Source: LeCun, Bottou, Bengio and Haffner (1998), Section X.
"""

from lenet_utils.amounts.fields import Fields, cents_of, draw_fields
from lenet_utils.amounts.glyphs import CHARACTERS, RUBBISH, Glyphs, load_glyphs
from lenet_utils.amounts.grammar import amount_grammar, any_text
from lenet_utils.amounts.pieces import Pieces, cut_field, true_classes
from lenet_utils.amounts.reading import (
    Answers,
    amount_net,
    best_texts,
    character_penalties,
    interpretation_graph,
    money,
    read_amounts,
    worth,
)

__all__ = [
    "CHARACTERS",
    "RUBBISH",
    "Answers",
    "Fields",
    "Glyphs",
    "Pieces",
    "amount_grammar",
    "amount_net",
    "any_text",
    "best_texts",
    "cents_of",
    "character_penalties",
    "cut_field",
    "draw_fields",
    "interpretation_graph",
    "load_glyphs",
    "money",
    "read_amounts",
    "true_classes",
    "worth",
]
