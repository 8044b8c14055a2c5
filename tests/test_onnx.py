"""The networks in ONNX Runtime answer as in PyTorch."""

import io
import warnings

import pytest
import torch
from torch import Tensor, nn

from lenet_utils import (
    lenet5_1998,
    lenet5_modern,
    lenet5_tutorial,
    load_mnist,
    normalise_1998,
    normalise_modern,
    pad_to_32,
)

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

NETWORKS = {"1998": lenet5_1998, "tutorial": lenet5_tutorial, "modern": lenet5_modern}


def exported(model: nn.Module, x: Tensor, dynamo: bool) -> onnxruntime.InferenceSession:
    """The network by one of PyTorch's two exporters, for any number of pictures."""
    file = io.BytesIO()
    options = {"dynamic_axes": {"x": {0: "n"}, "y": {0: "n"}}}
    if dynamo:
        options = {"dynamic_shapes": ({0: torch.export.Dim("n")},)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            model, (x,), file, input_names=["x"], output_names=["y"], dynamo=dynamo, **options
        )
    return onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("dynamo", [True, False], ids=["dynamo", "TorchScript"])
@pytest.mark.parametrize("name", NETWORKS)
def test_an_exported_network_gives_the_same_answers(name: str, dynamo: bool) -> None:
    torch.manual_seed(0)
    model = NETWORKS[name]().eval()
    images = load_mnist(sample=True).test.images
    x = normalise_1998(pad_to_32(images)) if name == "1998" else normalise_modern(images)
    x = normalise_modern(pad_to_32(images)) if name == "tutorial" else x
    with torch.no_grad():
        y = model(x)
    session = exported(model, x[:2], dynamo)
    for count in (1000, 1):
        (found,) = session.run(None, {"x": x[:count].numpy()})
        torch.testing.assert_close(torch.from_numpy(found), y[:count], rtol=1e-4, atol=1e-4)
        assert (torch.from_numpy(found).argsort(1) == y[:count].argsort(1)).float().mean() > 0.999
    wide = torch.nn.functional.pad(x[:2], (0, 8, 0, 4))
    (found,) = exported(model, wide, dynamo).run(None, {"x": wide.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), model(wide).detach(), rtol=1e-4, atol=1e-4)
