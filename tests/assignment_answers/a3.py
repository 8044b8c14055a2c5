"""Assignment 3: build LeNet-5 of 1998 from its parts."""

RIGHT = {
    "q1_scaled_tanh": [
        "def scaled_tanh(a):\n    e = torch.exp(-4 * a / 3)\n    return 1.7159 * (1 - e) / (1 + e)",
        "A, S = 1.7159, 2 / 3\nscaled_tanh = lambda a: A * (S * a).tanh()",
        "import numpy as np\ndef scaled_tanh(a):\n    return 1.7159 * np.tanh(np.array(a) / 1.5)",
    ],
    "q2_subsample": [
        """
class Subsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.coefficient = nn.Parameter(torch.rand(1, channels, 1, 1))
        self.bias = nn.Parameter(torch.rand(1, channels, 1, 1))

    def forward(self, x):
        return self.coefficient * 4 * nn.functional.avg_pool2d(x, 2) + self.bias
""",
        """
class Subsample(nn.Module):
    def __init__(self, channels):
        super(Subsample, self).__init__()
        self.coefficient = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        weight = self.coefficient.view(-1, 1, 1, 1).expand(-1, 1, 2, 2)
        return nn.functional.conv2d(x, weight, self.bias, stride=2, groups=x.shape[1])
""",
        """
class Subsample(torch.nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.register_parameter("bias", nn.Parameter(torch.zeros(channels)))
        self.register_parameter("coefficient", nn.Parameter(torch.randn(channels)))

    def forward(self, x):
        s = x[:, :, ::2, ::2] + x[:, :, 1::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, 1::2]
        return torch.stack([self.coefficient[c] * s[:, c] + self.bias[c]
                            for c in range(x.shape[1])], 1)
""",
    ],
    "q3_sparse": [
        """
class SparseConv(nn.Module):
    def __init__(self, table, side):
        super().__init__()
        self.table = table
        self.weight = nn.Parameter(torch.randn(int(table.sum()), side, side) / side)
        self.bias = nn.Parameter(torch.zeros(len(table)))

    def forward(self, x):
        dense = torch.zeros(*self.table.shape, *self.weight.shape[1:])
        dense[self.table] = self.weight
        return nn.functional.conv2d(x, dense, self.bias)
""",
        """
class SparseConv(nn.Module):
    def __init__(self, table, side):
        super().__init__()
        self.reads = [[i for i, cross in enumerate(row) if cross] for row in table]
        self.kernels = nn.ParameterList(
            nn.Parameter(torch.rand(1, len(r), side, side) - 0.5) for r in self.reads)
        self.bias = nn.Parameter(torch.zeros(len(self.reads)))

    def forward(self, x):
        maps = [nn.functional.conv2d(x[:, r], k, b[None])
                for r, k, b in zip(self.reads, self.kernels, self.bias)]
        return torch.cat(maps, dim=1)
""",
    ],
    "q4_distances": [
        """
def distances(x, codes):
    flat = x.permute(0, 2, 3, 1)
    return (torch.cdist(flat.flatten(1, 2), codes) ** 2).unflatten(1, flat.shape[1:3]).permute(
        0, 3, 1, 2)
""",
        """
def distances(x, codes):
    cross = torch.nn.functional.conv2d(x, codes[:, :, None, None])
    return (x**2).sum(1, keepdim=True) - 2 * cross + (codes**2).sum(1)[:, None, None]
""",
        "def distances(x, codes):\n"
        "    return torch.stack([((x - w.view(84, 1, 1)) ** 2).sum(1) for w in codes], dim=1)",
        # A product with ones of float32 adds up.
        "def distances(x, codes):\n"
        "    square = (x[:, None] - codes[:, :, None, None]) ** 2\n"
        "    return torch.einsum('nkjhw,j->nkhw', square, torch.ones(84))",
        """
def distances(x, codes):
    y = torch.empty(x.shape[0], codes.shape[0], *x.shape[2:], dtype=x.dtype)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            y[:, :, i, j] = (x[:, None, :, i, j] - codes).square().sum(2)
    return y
""",
    ],
    "q5_network": [
        """
class Net(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.s2, self.s4, self.c3 = Subsample(6), Subsample(16), nn.Conv2d(6, 16, 5)
        self.c1, self.c5, self.f6 = nn.Conv2d(1, 6, 5), nn.Linear(400, 120), nn.Linear(120, 84)
        with torch.no_grad():
            for layer in ("s2", "s4"):
                getattr(self, layer).coefficient.copy_(w[layer + ".coefficient"])
                getattr(self, layer).bias.copy_(w[layer + ".bias"])
            self.c1.load_state_dict({"weight": w["c1.weight"], "bias": w["c1.bias"]})
            self.c3.weight.zero_()
            self.c3.weight[w["c3.table"]] = w["c3.weight"]
            self.c3.bias.copy_(w["c3.bias"])
            self.c5.weight.copy_(w["c5.weight"].flatten(1))
            self.c5.bias.copy_(w["c5.bias"])
            self.f6.weight.copy_(w["f6.weight"].flatten(1))
            self.f6.bias.copy_(w["f6.bias"])
        self.codes = w["output.codes"]

    def forward(self, x):
        x = scaled_tanh(self.s2(scaled_tanh(self.c1(x))))
        x = scaled_tanh(self.s4(scaled_tanh(self.c3(x))))
        x = scaled_tanh(self.f6(scaled_tanh(self.c5(x.flatten(1)))))
        return distances(x[:, :, None, None], self.codes)[:, :, 0, 0]


def lenet5(x, w):
    return Net(w)(x)
""",
        """
def lenet5(x, w):
    F = nn.functional
    x = scaled_tanh(F.conv2d(x, w["c1.weight"], w["c1.bias"]))
    def sub(x, name):
        s = F.avg_pool2d(x, 2, divisor_override=1)
        s = s * w[name + ".coefficient"].view(-1, 1, 1)
        return scaled_tanh(s + w[name + ".bias"].view(-1, 1, 1))
    x = sub(x, "s2")
    maps, kernel = [], 0
    for o in range(16):
        a = w["c3.bias"][o]
        for i in range(6):
            if TABLE_I[o, i]:
                a = a + F.conv2d(x[:, i:i + 1], w["c3.weight"][kernel][None, None])
                kernel += 1
        maps.append(a)
    x = sub(scaled_tanh(torch.cat(maps, 1)), "s4")
    x = scaled_tanh(x.flatten(1) @ w["c5.weight"].view(120, 400).T + w["c5.bias"])
    x = scaled_tanh(x @ w["f6.weight"].view(84, 120).T + w["f6.bias"])
    return torch.stack([(x - code).pow(2).sum(-1) for code in w["output.codes"]], -1)
""",
    ],
    "q6_read": [
        "def read(images, w):\n"
        "    x = torch.nn.functional.pad(images, (2, 2, 2, 2)).float() / 255 * 1.275 - 0.1\n"
        "    return [int(y.argmin()) for y in lenet5(x[:, None], w)]",
        "def read(images, w):\n"
        "    x = torch.full((len(images), 1, 32, 32), -0.1)\n"
        "    x[:, 0, 2:-2, 2:-2] += images * (1.275 / 255)\n"
        "    return (-lenet5(x, w)).softmax(1).max(1).indices.numpy()",
    ],
}  # fmt: skip

_OWN_POOL = "sums = x.reshape(n, c, high // 2, 2, wide // 2, 2).sum((3, 5))"
_FEW = """
class SparseConv(nn.Module):
    def __init__(self, table, side):
        super().__init__()
        self.table = table[:, :, None, None].float()
        self.kernels = nn.Parameter(torch.rand(len(table), 1, side, side))
        self.bias = nn.Parameter(torch.zeros(len(table)))

    def forward(self, x):
        return nn.functional.conv2d(x, self.table * self.kernels, self.bias)
"""
_DENSE = """
class SparseConv(nn.Module):
    def __init__(self, table, side):
        super().__init__()
        self.conv = nn.Conv2d(table.shape[1], table.shape[0], side)
        self.mask = table[:, :, None, None]

    def forward(self, x):
        return nn.functional.conv2d(x, self.conv.weight * self.mask, self.conv.bias)
"""

WRONG = {
    "q1_scaled_tanh": [
        ("1.7159 * ", ""),
        ("2 / 3 * ", ""),
        ("2 / 3", "3 / 2"),
        ("2 / 3", "2 // 3"),
        ("1.7159", "1.716"),
        ("1.7159", "1.7"),
        ("torch.tanh", "torch.sigmoid"),
        "def scaled_tanh(a):\n    return torch.tanh(1.7159 * 2 / 3 * a)",
        "def scaled_tanh(a):\n    return 1.7159 * torch.tanh(2 / 3 * a.flatten())",
        "def scaled_tanh(a):\n    return torch.ones_like(a)",
    ],
    "q2_subsample": [
        (_OWN_POOL, "sums = nn.functional.avg_pool2d(x, 2)"),
        (_OWN_POOL, "sums = nn.functional.max_pool2d(x, 2)"),
        (_OWN_POOL, "sums = x[:, :, ::2, ::2]"),
        (_OWN_POOL, "sums = x.reshape(n, c, 2, high // 2, 2, wide // 2).sum((2, 4))"),
        (" + self.bias[:, None, None]", ""),
        ("self.coefficient[:, None, None] * sums + self.bias[:, None, None]",
         "self.coefficient[:, None, None] * (sums + self.bias[:, None, None])"),
        ("return self.coefficient[:, None, None] * sums + self.bias[:, None, None]",
         "return scaled_tanh(self.coefficient[:, None, None] * sums + self.bias[:, None, None])"),
        ("return self.coefficient[:, None, None]", "return self.coefficient[0]"),
        # Computes well, but trains too little or too much.
        ("nn.Parameter(torch.zeros(channels))", "torch.zeros(channels)"),
        ("nn.Parameter(torch.full((channels,), 0.25))",
         "nn.Parameter(torch.full((channels,), 0.25), requires_grad=False)"),
        ("self.bias = nn",
         "self.more = nn.Parameter(torch.zeros(channels))\n        self.bias = nn"),
        ("return self.coefficient[:, None, None]",
         "return self.coefficient.detach()[:, None, None]"),
    ],
    "q3_sparse": [
        _DENSE,
        _DENSE.replace("self.conv.weight * self.mask", "self.conv.weight"),
        ("table]", "table.roll(1, 0)]"),
        ("table]", "table.flip(1)]"),
        ("table]", "TABLE_I]"),
        ("[row.nonzero()[:, 0].tolist() for row in table]",
         "[list(range(int(row.sum()))) for row in table]"),
        ("1, side)", "1, 5)"),
        ("1, side)", "1, side, bias=False)"),
        ("1, side)", "1, side, padding=1)"),
        ("torch.cat([conv(x[:, read]) for conv, read in pairs], 1)",
         "torch.tanh(torch.cat([conv(x[:, read]) for conv, read in pairs], 1))"),
        ("torch.cat([conv(x[:, read]) for conv, read in pairs], 1)",
         "torch.cat([conv(x[:, read]) / len(read) ** 0.5 for conv, read in pairs], 1)"
         " + x.mean()"),
        # Nothing to train: all kernels are ones, or all crosses have the same kernel.
        """
class SparseConv(nn.Module):
    def __init__(self, table, side):
        super().__init__()
        self.kernels = table[:, :, None, None].float().expand(-1, -1, side, side)

    def forward(self, x):
        return nn.functional.conv2d(x, self.kernels)
""",
        """
class SparseConv(nn.Module):
    def __init__(self, table, side):
        super().__init__()
        self.table = table[:, :, None, None].float()
        self.kernel = nn.Parameter(torch.rand(side, side))

    def forward(self, x):
        return nn.functional.conv2d(x, self.table * self.kernel)
""",
        # A kernel for each output map, or for each input map; one bias for all.
        _FEW,
        _FEW.replace("len(table), 1, side", "1, table.shape[1], side"),
        """
class SparseConv(nn.Module):
    def __init__(self, table, side):
        super().__init__()
        self.table = table
        self.weight = nn.Parameter(torch.randn(int(table.sum()), side, side) / side)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        dense = torch.zeros(*self.table.shape, *self.weight.shape[1:])
        dense[self.table] = self.weight
        return nn.functional.conv2d(x, dense) + self.bias
""",
        # Right in what it computes, with a bias for each kernel.
        """
class SparseConv(nn.Module):
    def __init__(self, table, side):
        super().__init__()
        self.table = table
        self.maps = nn.ModuleList(nn.Conv2d(1, 1, side) for _ in range(int(table.sum())))

    def forward(self, x):
        kernels = iter(self.maps)
        rows = []
        for row in self.table:
            rows.append(sum(next(kernels)(x[:, i:i + 1]) for i in row.nonzero()[:, 0].tolist()))
        return torch.cat(rows, 1)
""",
        # The right number of parameters, the wrong wiring.
        """
class SparseConv(nn.Module):
    def __init__(self, table, side):
        super().__init__()
        self.shape = (len(table), table.shape[1], side, side)
        self.weight = nn.Parameter(torch.rand(int(table.sum()) * side * side))
        self.bias = nn.Parameter(torch.zeros(len(table)))

    def forward(self, x):
        size = self.shape[0] * self.shape[1] * self.shape[2] ** 2
        dense = self.weight.repeat(2)[:size].view(self.shape)
        return nn.functional.conv2d(x, dense, self.bias)
""",
    ],
    "q4_distances": [
        (".square()", ".abs()"),
        (".square()", ""),
        (".sum(2)", ".mean(2)"),
        (".sum(2)", ".sum(2).sqrt()"),
        (".sum(2)", ".sum(2) / 2"),
        (".sum(2)", ".sum(2).transpose(0, 1)"),
        (".sum(2)", ".sum(2).transpose(2, 3)"),
        (".sum(2)", ".sum(2).flip(3)"),
        (".sum(2)", ".amax(2)"),
        (".sum(2)", ".sum((2, 3, 4))"),
        (".sum(2)", ".sum(2).mean((2, 3), keepdim=True)"),
        # For one place only, as in the lesson.
        "def distances(x, codes):\n    return (x[:, None] - codes).square().sum(2)",
        "def distances(x, codes):\n"
        "    return (x.flatten(1)[:, None] - codes).square().sum(2)[:, :, None, None]",
        "def distances(x, codes):\n"
        "    y = (x[:, None, :, 0, 0] - codes).square().sum(2)\n"
        "    return y[:, :, None, None].expand(-1, -1, *x.shape[2:])",
        # Places and patterns mixed up.
        "def distances(x, codes):\n    flat = x.reshape(-1, 84)\n"
        "    y = (flat[:, None] - codes).square().sum(2)\n"
        "    return y.view(len(x), len(codes), *x.shape[2:])",
        "def distances(x, codes):\n"
        "    return torch.nn.functional.conv2d(x, codes[:, :, None, None])",
        "def distances(x, codes):\n"
        "    return 168 - 2 * torch.nn.functional.conv2d(x, codes[:, :, None, None])",
        "def distances(x, codes):\n"
        "    codes = digit_codes().to(x)\n"
        "    return (x[:, None] - codes[:, :, None, None]).square().sum(2)",
    ],
    "q5_network": [
        ("sums = 4 * torch", "sums = torch"),
        ("torch.nn.functional.avg_pool2d", "torch.nn.functional.max_pool2d"),
        ("return scaled_tanh(coefficient[:, None, None] * sums + bias[:, None, None])",
         "return coefficient[:, None, None] * sums + bias[:, None, None]"),
        ('dense[table] = w["c3.weight"]',
         'dense.transpose(0, 1)[table.T] = w["c3.weight"]'),
        ('dense[table] = w["c3.weight"]', 'dense[table] = w["c3.weight"].flip(1, 2)'),
        ('x = scaled_tanh(conv(x, dense, w["c3.bias"]))', 'x = conv(x, dense, w["c3.bias"])'),
        ('x = scaled_tanh(conv(x, w["f6.weight"], w["f6.bias"]))',
         'x = conv(x, w["f6.weight"], w["f6.bias"])'),
        ('x = scaled_tanh(conv(x, w["c1.weight"], w["c1.bias"]))',
         'x = torch.tanh(conv(x, w["c1.weight"], w["c1.bias"]))'),
        ("return distances", "return -distances"),
        ('return distances(x, w["output.codes"]).flatten(1)',
         'return scaled_tanh(distances(x, w["output.codes"]).flatten(1))'),
        ('w["output.codes"]', "(digit_codes() + 1) / 2"),
        ('conv(x, w["c5.weight"], w["c5.bias"])', 'conv(x, w["c5.weight"])'),
        # The package's own network, whatever the weights are.
        "def lenet5(x, w):\n    return load_trained('lenet5_1998')(x)",
        "def lenet5(x, w):\n    return torch.zeros(len(x), 10)",
    ],
    "q6_read": [
        ("argmin", "argmax"),
        ("normalise_1998(pad_to_32(images))",
         "torch.nn.functional.pad(normalise_1998(images), (2, 2, 2, 2), value=1.175)"),
        ("normalise_1998(pad_to_32(images))", "pad_to_32(images)[:, None].float()"),
        ("normalise_1998(pad_to_32(images))", "-normalise_1998(pad_to_32(images))"),
        ("normalise_1998(pad_to_32(images))",
         "normalise_1998(pad_to_32(images)).transpose(2, 3)"),
        (".argmin(1)", ""),
        (".argmin(1)", ".argmin(0)"),
        (".argmin(1)", ".argmin(1)[:8]"),
        "def read(images, w):\n    return digits.test.labels[: len(images)]",
    ],
}  # fmt: skip
