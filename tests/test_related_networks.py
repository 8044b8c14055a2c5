"""The relatives have the counts that are known of them, and compute what they say."""

import pytest
import torch
from torch import nn

from lenet_research.locally_connected import LocallyConnected2d
from lenet_research.networks import fully_connected
from lenet_research.related_networks import Repeat, lenet1, lenet4
from lenet_utils.accounting import layer_table
from lenet_utils.models import LeNet5


def test_lenet1_has_its_published_counts():
    table = layer_table(lenet1(), (1, 28, 28))
    assert (table.parameters, table.connections) == (2_578, 98_442)


def test_lenet4_has_about_its_published_connections():
    table = layer_table(lenet4(), (1, 32, 32))
    assert table.connections == pytest.approx(260_000, rel=0.02)
    assert table.parameters == 50_698 and table["c5"].parameters == 48_120
    assert lenet4()(torch.zeros(2, 1, 32, 32)).shape == (2, 10)


def test_fully_connected_networks():
    model = fully_connected((784, 300, 100, 10))
    assert layer_table(model, (1, 28, 28)).parameters == 785 * 300 + 301 * 100 + 101 * 10
    assert model(torch.zeros(3, 1, 28, 28)).shape == (3, 10)
    with pytest.raises(ValueError, match="at least inputs and outputs"):
        fully_connected((784,))


@pytest.mark.parametrize("stride", [1, 2])
def test_local_connections_with_equal_kernels_are_a_convolution(stride):
    torch.manual_seed(0)
    convolution = nn.Conv2d(2, 3, 5, stride)
    local = LocallyConnected2d(2, 3, 12, 5, stride)
    with torch.no_grad():
        local.weight.copy_(convolution.weight.flatten(1).expand_as(local.weight))
        local.bias.copy_(convolution.bias[:, None, None].expand_as(local.bias))
    x = torch.randn(4, 2, 12, 12)
    torch.testing.assert_close(local(x), convolution(x), atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="positions"):
        local(torch.zeros(1, 2, 13, 12))
    with pytest.raises(ValueError, match="kernel_size is 5.*expected 1 to 4"):
        LocallyConnected2d(1, 1, 4, 5)


def test_positions_do_not_share():
    local = LocallyConnected2d(1, 2, 8, 3)
    with torch.no_grad():
        local.weight[7] += 1
    x = torch.ones(1, 1, 8, 8)
    before = LocallyConnected2d(1, 2, 8, 3)
    before.load_state_dict(local.state_dict())
    with torch.no_grad():
        before.weight[7] -= 1
    changed = (local(x) != before(x))[0].all(0).nonzero().tolist()
    assert changed == [[1, 1]]
    # Every connection is a parameter.
    row = layer_table(nn.Sequential(local), (1, 8, 8)).layers[0]
    assert row.parameters == row.connections == 36 * 2 * 10


def test_repeated_maps_stand_side_by_side():
    x = torch.tensor([1.0, 2]).view(1, 2, 1, 1)
    assert Repeat(2)(x).flatten().tolist() == [1, 1, 2, 2]


def test_batch_normalisation_is_a_part_of_lenet5():
    plain, normed = (LeNet5(output="linear", batch_norm=b) for b in (False, True))
    names = [name for name, _ in normed.named_children()]
    assert names[:4] == ["c1", "c1_norm", "c1_act", "s2"] and "f6_norm" in names
    count = layer_table(normed, (1, 32, 32)).parameters - layer_table(plain, (1, 32, 32)).parameters
    assert count == 2 * (6 + 16 + 120 + 84)
    # A batch of one picture has nothing to normalise C5 over.
    normed.train()(torch.randn(4, 1, 32, 32))
    assert normed.eval()(torch.zeros(1, 1, 32, 32)).shape == (1, 10)
