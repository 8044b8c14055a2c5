"""The four kinds of unit that LeNet-5 of 1998 has and PyTorch has not.

Scaled tanh, trainable subsampling, the sparse convolution C3, and the Euclidean RBF output.
Source: LeCun, Bottou, Bengio and Haffner (1998), Section II-B, pp. 7-9, and Appendix A, p. 41.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

AMPLITUDE = 1.7159
SLOPE = 2 / 3


def scaled_tanh(a: Tensor) -> Tensor:
    """Squash `a` by f(a) = A tanh(S a) with A = 1.7159 and S = 2/3.

    The constants are chosen so that f(1) = 1 and f(-1) = -1: the targets lie where the
    curvature of f is largest, well inside its range.

    Args:
        a: weighted sums, any shape.

    Returns:
        States in (-1.7159, 1.7159), same shape.

    Source: Eqs. 5 and 6, p. 8; Appendix A, p. 41.
    """
    return AMPLITUDE * torch.tanh(SLOPE * a)


class ScaledTanh(nn.Module):
    """`scaled_tanh` as a module. Source: Eqs. 5 and 6, p. 8."""

    def forward(self, a: Tensor) -> Tensor:
        """Squash `a`, any shape."""
        return scaled_tanh(a)


class Subsampling(nn.Module):
    """S2 and S4: add four neighbours, multiply by a coefficient, add a bias.

    Every map has one trainable coefficient and one trainable bias. The four inputs of a unit
    are summed, not averaged. The squashing that follows is a module of its own.

    Args:
        channels: number of maps C.

    Shapes: (N, C, H, W) to (N, C, H/2, W/2); H and W must be even.

    Raises:
        ValueError: another number of maps, or an odd height or width.

    Source: Section II-B, layer S2, p. 7.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        # The paper does not state initial values. A coefficient of 1/4 makes the unit start
        # as a plain average, so that the signal keeps its scale.
        self.coefficient = nn.Parameter(torch.full((channels,), 0.25))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Sum each 2x2 neighbourhood, scale and shift it: (N, C, H, W) to (N, C, H/2, W/2)."""
        _require_maps(x, self.channels, "Subsampling")
        if x.shape[-2] % 2 or x.shape[-1] % 2:
            raise ValueError(
                f"Subsampling got maps of {x.shape[-2]}x{x.shape[-1]}; it halves height and "
                "width, so both must be even. Choose an input size that makes them so."
            )
        sums = F.avg_pool2d(x, 2, divisor_override=1)
        return sums * self.coefficient[:, None, None] + self.bias[:, None, None]

    def extra_repr(self) -> str:
        """Show the number of maps when the module is printed."""
        return str(self.channels)


# Rows are S2 maps, columns are C3 maps: a cross says that the C3 map reads the S2 map.
_TABLE_I_PRINTED = """
X...XXX..XXXX.XX
XX...XXX..XXXX.X
XXX...XXX..X.XXX
.XXX..XXXX..X.XX
..XXX..XXXX.XX.X
...XXX..XXXX.XXX
"""

TABLE_I: Tensor = torch.tensor(
    [[mark == "X" for mark in row] for row in _TABLE_I_PRINTED.split()]
).T.contiguous()
"""Which S2 maps feed each C3 map: bool, (16, 6), `TABLE_I[c3, s2]`. Source: Table I, p. 8."""


class SparseConv2d(nn.Module):
    """A convolution in which each output map reads only some of the input maps.

    Only the kernels that exist are parameters: `weight` is (connected pairs, k, k), ordered by
    output map and then by input map; there are no masked weights that are counted but not used.

    Args:
        table: bool, (output maps, input maps); true where a kernel exists.
        kernel_size: k, the side of the square kernels.

    Shapes: (N, input maps, H, W) to (N, output maps, H-k+1, W-k+1).

    Raises:
        ValueError: a table that is not a boolean matrix or leaves an output map without input;
            an input with another number of maps.

    Source: Section II-B, layer C3, and Table I, p. 8.
    """

    table: Tensor

    def __init__(self, table: Tensor = TABLE_I, kernel_size: int = 5) -> None:
        super().__init__()
        if table.dtype != torch.bool or table.dim() != 2 or not bool(table.any(1).all()):
            raise ValueError(
                f"table is {table.dtype} of shape {tuple(table.shape)}; expected a bool matrix "
                "(output maps, input maps) with at least one true entry in each row."
            )
        self.kernel_size = kernel_size
        self.register_buffer("table", table.clone())
        pairs = int(table.sum())
        self.weight = nn.Parameter(torch.empty(pairs, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(table.shape[0]))
        self.reset_parameters()

    def fan_in(self) -> Tensor:
        """Return the inputs of one unit of each output map: int64, (output maps,)."""
        return self.table.sum(1) * self.kernel_size**2

    def reset_parameters(self) -> None:
        """Draw weights and biases from U(-1/sqrt(F), 1/sqrt(F)), as nn.Conv2d does."""
        limit = self.fan_in().rsqrt()
        with torch.no_grad():
            rows = self.table.nonzero()[:, 0]
            self.weight.uniform_(-1, 1).mul_(limit[rows, None, None])
            self.bias.uniform_(-1, 1).mul_(limit)

    def dense_weight(self) -> Tensor:
        """Return the kernels as nn.Conv2d would hold them, zeros where no kernel exists.

        Shape: (output maps, input maps, k, k).
        """
        dense = self.weight.new_zeros(*self.table.shape, self.kernel_size, self.kernel_size)
        return dense.masked_scatter(self.table[:, :, None, None], self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve: (N, input maps, H, W) to (N, output maps, H-k+1, W-k+1)."""
        _require_maps(x, self.table.shape[1], "SparseConv2d")
        return F.conv2d(x, self.dense_weight(), self.bias)

    def extra_repr(self) -> str:
        """Show maps, kernel and connected pairs when the module is printed."""
        outputs, inputs = self.table.shape
        return f"{inputs}, {outputs}, kernel_size={self.kernel_size}, pairs={len(self.weight)}"


# Twelve rows a digit, seven bits a row, the most significant bit on the left, 1 is ink.
# Read from the images embedded in Fig. 3; the bar on top of 0, 2, 4 and 5 is really there.
_CODE_ROWS = (
    (62, 0, 28, 54, 99, 99, 99, 99, 54, 28, 0, 0),
    (12, 28, 60, 12, 12, 12, 12, 12, 12, 63, 0, 0),
    (62, 0, 62, 99, 67, 6, 28, 48, 96, 127, 0, 0),
    (127, 3, 6, 12, 30, 3, 3, 3, 99, 62, 0, 0),
    (62, 0, 0, 51, 51, 115, 99, 99, 103, 63, 3, 3),
    (62, 0, 127, 96, 96, 60, 30, 3, 99, 62, 0, 0),
    (30, 48, 96, 96, 126, 115, 99, 99, 115, 62, 0, 0),
    (127, 3, 3, 6, 12, 12, 24, 24, 24, 24, 0, 0),
    (62, 99, 99, 99, 62, 99, 99, 99, 99, 62, 0, 0),
    (62, 103, 99, 99, 103, 63, 3, 3, 6, 60, 0, 0),
)


def digit_codes() -> Tensor:
    """Return the target states of F6 for the digits 0 to 9, each a 7x12 drawing.

    `digit_codes()[d].view(12, 7)` is the drawing of digit d: +1 is ink, -1 is background.

    Returns:
        float32, (10, 84), of -1 and +1.

    Source: Fig. 3, p. 9; the choice of -1 and +1, p. 8.
    """
    rows = torch.tensor(_CODE_ROWS)
    bits = (rows[:, :, None] >> torch.arange(6, -1, -1)) & 1
    return bits.flatten(1).float() * 2 - 1


class RBFOutput(nn.Module):
    """Euclidean RBF units: unit i gives y_i = sum_j (x_j - w_ij)^2, the distance to code i.

    The smallest output names the class. The codes are fixed, not trained.

    Args:
        codes: float, (classes, features); the paper's are `digit_codes()`, (10, 84).

    Shapes: (N, features, H, W) to (N, classes, H, W).

    Raises:
        ValueError: codes that are not a matrix of finite floats; an input with another number of
            features.

    Source: Eq. 7, p. 8.
    """

    codes: Tensor

    def __init__(self, codes: Tensor) -> None:
        super().__init__()
        real = isinstance(codes, Tensor) and codes.is_floating_point()
        if not real or codes.dim() != 2 or not bool(codes.isfinite().all()):
            told = f"{codes.dtype} of shape {tuple(codes.shape)}" if real else repr(codes)[:60]
            raise ValueError(
                f"codes are {told}; expected a float matrix (classes, features) of finite "
                "numbers, such as digit_codes()."
            )
        self.register_buffer("codes", codes.clone())

    def forward(self, x: Tensor) -> Tensor:
        """Return squared distances: (N, features, H, W) to (N, classes, H, W)."""
        _require_maps(x, self.codes.shape[1], "RBFOutput")
        # The expanded form |x|^2 - 2xw + |w|^2 is quicker but cancels near a code.
        return (x[:, None] - self.codes[:, :, None, None]).square().sum(2)

    def extra_repr(self) -> str:
        """Show features and classes when the module is printed."""
        return f"{self.codes.shape[1]}, {self.codes.shape[0]}"


def _require_maps(x: Tensor, channels: int, layer: str) -> None:
    if x.dim() != 4 or x.shape[1] != channels:
        raise ValueError(
            f"{layer} got a tensor of shape {tuple(x.shape)}; "
            f"expected (N, {channels}, height, width)."
        )
