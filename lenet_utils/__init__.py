"""LeNet-5 of 1998 and its descendants: the package that the lessons import.

Source of the network and of all page, section and equation numbers in these modules:
Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-Based Learning Applied to Document
Recognition", Proc. IEEE, November 1998; pages as in the authors' own PDF.
"""

from lenet_utils.accounting import LayerTable, layer_table
from lenet_utils.devices import get_device
from lenet_utils.evaluation import Evaluation, evaluate
from lenet_utils.ink import NoDigit
from lenet_utils.layers import (
    TABLE_I,
    RBFOutput,
    ScaledTanh,
    SparseConv2d,
    Subsampling,
    digit_codes,
    scaled_tanh,
)
from lenet_utils.mnist import (
    MNIST,
    Digits,
    load_mnist,
    normalise_1998,
    normalise_modern,
    pad_to_32,
    pixel_statistics,
)
from lenet_utils.models import LeNet5, lenet5_1998, lenet5_modern, lenet5_tutorial
from lenet_utils.photos import Photo, prepare_photo, read_photo
from lenet_utils.results.comparison import ledger
from lenet_utils.results.records import load_record
from lenet_utils.results.trained import load_trained
from lenet_utils.training import History, fit, seed_everything, split_validation
from lenet_utils.weights import load_model, save_model

__all__ = [
    "load_trained",
    "load_record",
    "ledger",
    "pixel_statistics",
    "pad_to_32",
    "normalise_modern",
    "normalise_1998",
    "load_mnist",
    "Digits",
    "MNIST",
    "TABLE_I",
    "NoDigit",
    "Photo",
    "prepare_photo",
    "read_photo",
    "Evaluation",
    "History",
    "LayerTable",
    "LeNet5",
    "RBFOutput",
    "ScaledTanh",
    "SparseConv2d",
    "Subsampling",
    "digit_codes",
    "evaluate",
    "fit",
    "get_device",
    "layer_table",
    "lenet5_1998",
    "lenet5_modern",
    "lenet5_tutorial",
    "load_model",
    "save_model",
    "scaled_tanh",
    "seed_everything",
    "split_validation",
]
