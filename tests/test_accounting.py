"""Every row of Section II-B, counted from the modules."""

import pytest
import torch
from torch import nn

from lenet_utils import LeNet5, layer_table, lenet5_1998, lenet5_modern, lenet5_tutorial

# layer: output shape, trainable parameters, connections (pp. 7-8; the output's 840 is 84 x 10)
PAPER = {
    "c1": ((6, 28, 28), 156, 122_304),
    "s2": ((6, 14, 14), 12, 5_880),
    "c3": ((16, 10, 10), 1_516, 151_600),
    "s4": ((16, 5, 5), 32, 2_000),
    "c5": ((120, 1, 1), 48_120, 48_120),
    "f6": ((84, 1, 1), 10_164, 10_164),
    "output": ((10, 1, 1), 0, 840),
}


def test_every_row_of_the_paper():
    table = layer_table(lenet5_1998(), (1, 32, 32))
    rows = {row.name: (row.output_shape, row.parameters, row.connections) for row in table}
    assert rows == PAPER
    assert (table.parameters, table.connections) == (60_000, 340_908)


def test_multiplications_by_a_weight_of_1998():
    table = layer_table(lenet5_1998(), (1, 32, 32))
    weights = sum(row.macs for row in table if row.kind != "Subsampling")
    assert weights == 326_520
    assert table["s2"].macs == 6 * 14 * 14


def test_totals_of_the_other_variants():
    assert layer_table(lenet5_modern(), (1, 28, 28)).parameters == 61_706
    tutorial = layer_table(lenet5_tutorial(65), (1, 32, 32))
    assert tutorial.parameters == 66_381
    assert (tutorial["s2"].parameters, tutorial["c3"].parameters) == (0, 2_416)


def test_macs_agree_with_pytorchs_own_counter():
    from torch.utils.flop_counter import FlopCounterMode

    model = lenet5_modern()
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 1, 28, 28))
    assert counter.get_total_flops() == 2 * layer_table(model, (1, 28, 28)).macs


def test_a_frozen_layer_counts_no_trainable_parameters():
    model = lenet5_1998()
    model.c5.requires_grad_(False)
    assert layer_table(model, (1, 1, 32, 32)).parameters == 60_000 - 48_120


def test_linear_flatten_and_batch_norm():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3)
    )
    table = layer_table(model, (1, 4, 4))
    assert [row.parameters for row in table] == [18, 4, 27]
    assert [row.connections for row in table] == [72, 16, 27]
    assert [row.macs for row in table] == [72, 8, 24]


@pytest.mark.parametrize(("side", "links"), [(1, 2 * 25), (5, 2 * 25), (2, 2 * 6 * 6)])
def test_adaptive_pooling_counts_the_pixels_of_its_windows(side, links):
    # From 5 to 2 the windows are rows 0-2 and 2-4: six in all, since they share the middle one.
    table = layer_table(nn.Sequential(nn.AdaptiveAvgPool2d(side)), (2, 5, 5))
    assert [(row.connections, row.macs) for row in table] == [(links, 0)]
    pixels = torch.zeros(1, 2, 5, 5, requires_grad=True)
    nn.AdaptiveAvgPool2d(side)(pixels)[0, 0, 0, 0].backward()
    window = (pixels.grad != 0).sum().item()
    assert window == {1: 25, 5: 1, 2: 9}[side]


def test_networks_of_others_can_be_counted():
    from torchvision import models

    with torch.device("meta"):
        alexnet, resnet = models.alexnet(weights=None), models.resnet18(weights=None)
    assert layer_table(alexnet, (3, 224, 224)).parameters == 61_100_840
    table = layer_table(resnet, (3, 224, 224))
    assert table.parameters == 11_689_512
    assert table["avgpool"].connections == 512 * 7 * 7


def test_unknown_layers_are_an_error_not_a_zero():
    with pytest.raises(ValueError, match="how to count '1', a Softplus"):
        layer_table(nn.Sequential(nn.Conv2d(1, 1, 1), nn.Softplus()), (1, 8, 8))


def test_parameters_that_no_layer_accounts_for_are_an_error():
    class Stray(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.scale = nn.Linear(2, 2), nn.Parameter(torch.ones(1))

        def forward(self, x):
            return self.layer(x) * self.scale

    with pytest.raises(ValueError, match="parameters stand outside a layer"):
        layer_table(Stray(), (1, 2, 2))
    layer = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="called twice"):
        layer_table(nn.Sequential(layer, layer), (1, 2, 2))


def test_table_reads_as_text_and_as_html():
    table = layer_table(LeNet5(), (1, 32, 32))
    lines = str(table).splitlines()
    assert lines[-1].split() == ["total", "60,000", "340,908", "328,096"]
    assert len({len(line) for line in lines[2:]}) == 1
    wide = str(layer_table(LeNet5(), (1, 32, 36))).splitlines()
    assert wide[1].split() == ["input", "1@32x36"] and "6@28x32" in wide[2].split()
    html = table._repr_html_()
    assert html.count("<tr>") == len(lines)
    assert "<td>151,600</td>" in html
    with pytest.raises(KeyError, match="the layers are c1, s2"):
        table["C9"]


def test_counting_leaves_the_network_as_it_was():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).train()
    before = {name: t.clone() for name, t in model.state_dict().items()}
    layer_table(model, (1, 8, 8))
    assert model.training
    assert not any(m._forward_hooks for m in model.modules())
    assert all(torch.equal(t, before[name]) for name, t in model.state_dict().items())
