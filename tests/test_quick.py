"""The quick layers give what PyTorch's give, and memory is kept."""

import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from lenet_utils import lenet5_modern
from lenet_utils.quick import Conv2d, MaxPool2d


def results(layer: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    x = x.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    y = layer(x)
    weights = torch.arange(y.numel(), dtype=y.dtype).reshape(y.shape)
    (y * weights).sum().backward()
    return [y.detach(), x.grad, *(p.grad for p in layer.parameters())]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("levels", [2, 3, 1000])
def test_pooling_equals_pytorch_also_in_ties(levels: int, layout: torch.memory_format) -> None:
    # Few levels make many ties: PyTorch gives the gradient to the first of equal numbers.
    x = torch.randint(levels, (5, 3, 10, 14)).double().contiguous(memory_format=layout)
    for ours, theirs in zip(results(MaxPool2d(), x), results(nn.MaxPool2d(2), x), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("shape", [(2, 3, 5, 7), (3, 4, 4), (1, 1, 2, 2)])
def test_pooling_takes_what_pytorch_takes(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    for ours, theirs in zip(results(MaxPool2d(), x), results(nn.MaxPool2d(2), x), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("size", [5, 6, 9])
def test_convolution_equals_pytorch(size: int) -> None:
    quick, plain = Conv2d(16, 120, 5).double(), nn.Conv2d(16, 120, 5).double()
    plain.load_state_dict(quick.state_dict())
    x = torch.randn(3, 16, size, size, dtype=torch.float64)
    for ours, theirs in zip(results(quick, x), results(plain, x), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-9)


def test_a_gradient_of_a_gradient_is_refused_rather_than_wrong() -> None:
    x = torch.randn(1, 1, 4, 4, requires_grad=True)
    (grad,) = torch.autograd.grad(MaxPool2d()(x).square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        grad.sum().backward()


def test_the_network_reads_as_before() -> None:
    text = str(lenet5_modern())
    assert "(s2): MaxPool2d(kernel_size=2" in text
    assert "(c5): Conv2d(16, 120, kernel_size=(5, 5)" in text


@pytest.mark.skipif(sys.platform != "linux", reason="glibc returns memory; others do otherwise")
def test_freed_memory_is_used_again() -> None:
    code = """
import resource, sys, torch
from lenet_utils.quick import keep_memory

def update():
    blocks = [torch.ones(5_000_000) for _ in range(3)]  # 60 MB

if sys.argv[1] == "keep":
    keep_memory()
for _ in range(3):
    update()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    update()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    # With this threshold every block of more than 128 kB goes back to the system.
    returning = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(2**17)}
    kept, returned = (
        int(subprocess.check_output([sys.executable, "-c", code, word], env=returning))
        for word in ("keep", "return")
    )
    # Pages that the system had to clear; now and then the heap grows by a block.
    assert 10 * kept < returned
