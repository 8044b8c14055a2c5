"""The four kinds of unit that LeNet-5 of 1998 has and PyTorch has not.

Scaled tanh, trainable subsampling, the sparse convolution C3, and the Euclidean RBF output.
Source: LeCun, Bottou, Bengio and Haffner (1998), Section II-B, pp. 7-9, and Appendix A, p. 41.
"""

import torch
from torch import Tensor, nn
from torch._subclasses import FakeTensor
from torch.jit import is_scripting, is_tracing  # type: ignore[attr-defined]  # not in its __all__
from torch.nn import functional as F

Device = torch.device | str | None

AMPLITUDE = 1.7159
SLOPE = 2 / 3


def scaled_tanh(a: Tensor, amplitude: float = AMPLITUDE, slope: float = SLOPE) -> Tensor:
    """Squash `a` by f(a) = A tanh(S a) with A = 1.7159 and S = 2/3.

    The constants are chosen so that f(1) = 1 and f(-1) = -1: the targets lie where the
    curvature of f is largest, well inside its range.

    Args:
        a: weighted sums, any shape.
        amplitude, slope: A and S.

    Returns:
        States in (-1.7159, 1.7159), same shape.

    Source: Eqs. 5 and 6, p. 8; Appendix A, p. 41.
    """
    return amplitude * torch.tanh(slope * a)


class ScaledTanh(nn.Module):
    """`scaled_tanh` as a module. Source: Eqs. 5 and 6, p. 8."""

    def forward(self, a: Tensor) -> Tensor:
        """Squash `a`, any shape."""
        return scaled_tanh(a)


class Subsampling(nn.Module):
    """S2 and S4: add four neighbours, multiply by a coefficient, add a bias.

    Every map has one trainable coefficient and one trainable bias. The four inputs of a unit
    are summed, not averaged. The activation function that follows is a module of its own.

    Args:
        channels: number of maps C.
        device, dtype: of the parameters, as in PyTorch's layers.

    Shapes: (N, C, H, W) to (N, C, H/2, W/2), or both without N; H and W must be even.

    Raises:
        ValueError: another number of maps, or an odd height or width.

    Source: Section II-B, layer S2, p. 7.
    """

    def __init__(
        self, channels: int, device: Device = None, dtype: torch.dtype | None = None
    ) -> None:
        super().__init__()
        self.channels = channels
        self.coefficient = nn.Parameter(torch.empty(channels, device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(channels, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start as a plain average: coefficients of 1/4, biases of 0.

        The paper does not state initial values; with these the signal keeps its scale.
        """
        nn.init.constant_(self.coefficient, 0.25)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Sum each 2x2 neighbourhood, scale and shift it: (N, C, H, W) to (N, C, H/2, W/2)."""
        if not is_scripting():
            _require_maps(x, self.channels, "Subsampling", even=True)
        # Four times the average is the sum to the last bit, since 4 is a power of two; exporters
        # to ONNX ignore the argument of avg_pool2d that would give the sum itself.
        sums = F.avg_pool2d(x, 2) * 4
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
    [[mark == "X" for mark in row] for row in _TABLE_I_PRINTED.split()], device="cpu"
).T.contiguous()
"""Which S2 maps feed each C3 map: bool, (16, 6), `TABLE_I[c3, s2]`. Source: Table I, p. 8."""


class SparseConv2d(nn.Module):
    """A convolution in which each output map reads only some of the input maps.

    Only the kernels that exist are parameters: `weight` is (connected pairs, k, k), ordered by
    output map and then by input map; there are no masked weights that are counted but not used.

    Args:
        table: bool, (output maps, input maps); true where a kernel exists.
        kernel_size: k, the side of the square kernels.
        device, dtype: of the parameters, as in PyTorch's layers.

    Shapes: (N, input maps, H, W) to (N, output maps, H-k+1, W-k+1), or both without N.

    Raises:
        ValueError: a table that is not a boolean matrix or leaves an output map without input;
            an input with another number of maps.

    Source: Section II-B, layer C3, and Table I, p. 8.
    """

    table: Tensor

    def __init__(
        self,
        table: Tensor = TABLE_I,
        kernel_size: int = 5,
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if table.dtype != torch.bool or table.dim() != 2 or not all(map(any, table.tolist())):
            raise ValueError(
                f"table is {table.dtype} of shape {tuple(table.shape)}; expected a bool matrix "
                "(output maps, input maps) with at least one true entry in each row."
            )
        # From Python numbers, so that the table comes to be where the parameters are: on PyTorch's
        # default device, or on none, where a network is built without memory.
        rows = table.tolist()
        self.kernel_size = kernel_size
        self.register_buffer("table", torch.tensor(rows, dtype=torch.bool, device=device))
        shape = sum(map(sum, rows)), kernel_size, kernel_size
        self.weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(len(rows), device=device, dtype=dtype))
        self.reset_parameters()

    def fan_in(self) -> Tensor:
        """Return the inputs of one unit of each output map: int64, (output maps,)."""
        return self.table.sum(1) * self.kernel_size**2

    def reset_parameters(self) -> None:
        """Draw weights and biases from U(-1/sqrt(F), 1/sqrt(F)), as nn.Conv2d does."""
        limit = self.fan_in().rsqrt()
        with torch.no_grad():
            pairs = torch.arange(len(self.weight), device=self.table.device)
            rows = torch.searchsorted(self.table.sum(1).cumsum(0), pairs, right=True)
            self.weight.uniform_(-1, 1).mul_(limit[rows, None, None])
            self.bias.uniform_(-1, 1).mul_(limit)

    def dense_weight(self) -> Tensor:
        """Return the kernels as nn.Conv2d would hold them, zeros where no kernel exists.

        Shape: (output maps, input maps, k, k).
        """
        # Each place of the table reads a kernel, the last one before it where it has none, and is
        # then filled with zeros: unlike masked_scatter, right in forward mode and under vmap.
        places = self.table.flatten().cumsum(0, dtype=torch.int64).sub(1).clamp(min=0)
        kernels = self.weight.index_select(0, places).unflatten(0, self.table.size())
        dense: Tensor = kernels.masked_fill(self.table.logical_not()[:, :, None, None], 0.0)
        return dense

    def forward(self, x: Tensor) -> Tensor:
        """Convolve: (N, input maps, H, W) to (N, output maps, H-k+1, W-k+1)."""
        if not is_scripting():
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

    Shapes: (N, features, H, W) to (N, classes, H, W), or both without N.

    Raises:
        ValueError: codes that are not a matrix of finite floats; an input with another number of
            features.

    Source: Eq. 7, p. 8.
    """

    codes: Tensor

    def __init__(self, codes: Tensor) -> None:
        super().__init__()
        real = isinstance(codes, Tensor) and codes.is_floating_point()
        empty = real and (codes.is_meta or isinstance(codes, FakeTensor))  # it has no values
        if not real or codes.dim() != 2 or not (empty or codes.isfinite().all()):
            told = f"{codes.dtype} of shape {tuple(codes.shape)}" if real else repr(codes)[:60]
            raise ValueError(
                f"codes are {told}; expected a float matrix (classes, features) of finite "
                "numbers, such as digit_codes()."
            )
        self.register_buffer("codes", codes.clone())

    def forward(self, x: Tensor) -> Tensor:
        """Return squared distances: (N, features, H, W) to (N, classes, H, W)."""
        if not is_scripting():
            _require_maps(x, self.codes.shape[1], "RBFOutput")
        return squared_distances(x, self.codes)

    def extra_repr(self) -> str:
        """Show features and classes when the module is printed."""
        return f"{self.codes.shape[1]}, {self.codes.shape[0]}"


@torch.fx.wrap  # recorded by its name, so that outputs are known to be distances
def squared_distances(x: Tensor, codes: Tensor) -> Tensor:
    """Return the distances of states to codes: (N, F, H, W) and (K, F) to (N, K, H, W)."""
    # The expanded form |x|^2 - 2xw + |w|^2 is quicker but cancels near a code.
    return (x.unsqueeze(-4) - codes[:, :, None, None]).square().sum(-3)


def _require_maps(x: Tensor, channels: int, layer: str, *, even: bool = False) -> None:
    if recorded(x):
        return
    if x.dim() not in (3, 4) or x.shape[-3] != channels:
        raise ValueError(
            f"{layer} got a tensor of shape {tuple(x.shape)}; "
            f"expected (N, {channels}, height, width)."
        )
    if even and (x.shape[-2] % 2 or x.shape[-1] % 2):
        raise ValueError(
            f"{layer} got maps of {x.shape[-2]}x{x.shape[-1]}; it halves height and width, so both "
            "must be even. Choose an input size that makes them so."
        )


def recorded(x: Tensor) -> bool:
    """Whether operations are only written down (torch.fx, torch.jit.trace): no shape to check."""
    return isinstance(x, torch.fx.Proxy) or bool(is_tracing())
