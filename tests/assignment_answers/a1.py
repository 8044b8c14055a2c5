"""Assignment 1: shapes and counts."""

RIGHT = {
    "q1_shapes": [
        # A list, tensors and a torch.Size are as good as tuples.
        """
import torch
c1 = torch.nn.Conv2d(1, MAPS, KERNEL)(torch.zeros(1, 1, HEIGHT, WIDTH))
s2 = torch.nn.AvgPool2d(2)(c1)
c3 = torch.nn.Conv2d(MAPS, TWO + THREE + 1, KERNEL_3)(s2)
shapes = {"c1": c1.shape[1:], "s2": list(s2.shape[1:]), "c3": torch.tensor(c3.shape[1:])}
""",
        """
import numpy as np
def conv(maps, s, k): return np.array([maps, *(np.array(s[1:]) - k + 1)])
shapes = {}
shapes["c1"] = conv(MAPS, (1, HEIGHT, WIDTH), KERNEL)
shapes["s2"] = (MAPS, shapes["c1"][1] / 2, shapes["c1"][2] / 2)
shapes["c3"] = conv(1 + THREE + TWO, shapes["s2"], KERNEL_3)
""",
    ],
    "q2_parameters": [
        """
import torch
readers = [2] * TWO + [3] * THREE + [MAPS]
parameters = {}
parameters["c1"] = sum(p.numel() for p in torch.nn.Conv2d(1, MAPS, KERNEL).parameters())
parameters["s2"] = torch.tensor(MAPS + MAPS)
parameters["c3"] = float(sum(n * KERNEL_3 * KERNEL_3 + 1 for n in readers))
m, h, w = shapes["c3"]
parameters["f4"] = sum(p.numel() for p in torch.nn.Linear(m * h * w, UNITS).parameters())
""",
        """
import numpy as np
parameters = dict(
    f4=UNITS * np.prod(shapes["c3"]) + UNITS,
    c3=TWO * (2 * KERNEL_3**2 + 1) + THREE * (3 * KERNEL_3**2 + 1) + MAPS * KERNEL_3**2 + 1,
    s2=np.int64(2 * MAPS),
    c1=MAPS * KERNEL**2 + MAPS,
)
""",
    ],
    "q3_connections": [
        """
import math
connections = {
    "c1": math.prod(shapes["c1"]) * (KERNEL**2 + 1),
    "s2": math.prod(shapes["s2"]) * 4 + math.prod(shapes["s2"]),
    "c3": sum((n * KERNEL_3**2 + 1) * c3[1] * c3[2] for n in [2] * TWO + [3] * THREE + [MAPS]),
    "f4": math.prod(shapes["c3"]) * UNITS + UNITS,
}
""",
        """
import torch
places = {k: torch.tensor(v[1] * v[2]) for k, v in shapes.items()}
connections = {k: places[k] * parameters[k] for k in ("c1", "c3")}
connections["s2"] = places["s2"] * MAPS * 5
connections["f4"] = parameters["f4"]
""",
    ],
    "q4_any_side": [
        """
def output_side(side, kernel, stride=1, padding=0):
    padded = side + padding + padding
    return len(range(0, padded - kernel + 1, stride))
""",
        """
import torch
def output_side(side, kernel, stride=1, padding=0):
    x = torch.zeros(1, 1, side)
    return torch.nn.functional.conv1d(
        x, torch.zeros(1, 1, kernel), stride=stride, padding=padding).size(2)
""",
        """
import math
output_side = lambda side, kernel, stride=1, padding=0: math.floor(
    (side + 2 * padding - (kernel - 1) - 1) / stride + 1)
""",
    ],
    "q5_any_table": [
        """
def sparse_counts(table, kernel, height, width):
    outputs, inputs = table.shape
    weights = biases = 0
    for row in table:
        biases += 1
        for cross in row:
            if cross:
                weights += kernel * kernel
    h, w = height - kernel + 1, width - kernel + 1
    return [weights + biases, h * w * (weights + biases), h * w * weights]
""",
        """
def sparse_counts(table, kernel, height, width):
    reads = table.sum(dim=1)
    parameters = (reads * kernel**2 + 1).sum()
    places = (height - kernel + 1) * (width - kernel + 1)
    return parameters, parameters * places, (parameters - table.shape[0]) * places
""",
    ],
    "q6_dense": [
        "import math\n"
        "dense_parameters = math.prod(shapes['c1']) * HEIGHT * WIDTH + math.prod(shapes['c1'])",
        "import torch\nwith torch.device('meta'):\n"
        "    big = torch.nn.Linear(HEIGHT * WIDTH, c1[0] * c1[1] * c1[2])\n"
        "dense_parameters = sum(p.numel() for p in big.parameters())",
    ],
}

WRONG = {
    "q1_shapes": [
        ("HEIGHT - KERNEL + 1", "HEIGHT - KERNEL"),
        ("WIDTH - KERNEL + 1", "WIDTH"),
        ("(MAPS, HEIGHT - KERNEL + 1, WIDTH - KERNEL + 1)",
         "(MAPS, WIDTH - KERNEL + 1, HEIGHT - KERNEL + 1)"),
        ("(MAPS, HEIGHT - KERNEL + 1, WIDTH - KERNEL + 1)",
         "(HEIGHT - KERNEL + 1, WIDTH - KERNEL + 1, MAPS)"),
        ("// 2", "// 2 - 1"),
        ("KERNEL_3 + 1", "KERNEL_3"),
        ("TWO + THREE + 1", "TWO + THREE"),
        ("TWO + THREE + 1", "TWO * 2 + THREE * 3 + MAPS"),
        ('"s2": s2', '"s2": c1'),
        # The numbers are changed instead of the answer.
        ("c1 = (MAPS", "HEIGHT = WIDTH = 32\nc1 = (MAPS"),
    ],
    "q2_parameters": [
        ("MAPS * (KERNEL**2 + 1)", "MAPS * KERNEL**2"),
        ("MAPS * (KERNEL**2 + 1)", "MAPS * KERNEL**2 + 1"),
        ("MAPS * 2", "0"),
        ("MAPS * 2", "MAPS"),
        ("MAPS * 2", "MAPS * 5"),
        ("KERNEL_3**2 + TWO + THREE + 1", "(KERNEL_3**2 + 1)"),
        ("kernels * KERNEL_3**2", "(TWO + THREE + 1) * MAPS * KERNEL_3**2"),
        ("+ THREE * 3 + MAPS", "+ THREE * 3 + 1"),
        ("c3[2] + 1)", "c3[2])"),
        ("c3[0] * c3[1] * c3[2]", "c3[1] * c3[2]"),
    ],
    "q3_connections": [
        ('c1[1] * c1[2] * parameters["c1"]', 'parameters["c1"]'),
        ('c1[1] * c1[2] * parameters["c1"]', 'HEIGHT * WIDTH * parameters["c1"]'),
        ('c1[1] * c1[2] * parameters["c1"]', "c1[0] * c1[1] * c1[2] * KERNEL**2"),
        ("s2[2] * 5", "s2[2] * 4"),
        ("s2[0] * s2[1] * s2[2] * 5", 's2[1] * s2[2] * parameters["s2"]'),
        ('c3[1] * c3[2] * parameters["c3"]', 'c3[0] * c3[1] * c3[2] * parameters["c3"]'),
        ('c3[1] * c3[2] * parameters["c3"]', 's2[1] * s2[2] * parameters["c3"]'),
        ('"f4": parameters["f4"]', '"f4": UNITS * parameters["f4"]'),
    ],
    "q4_any_side": [
        ("2 * padding", "padding"),
        ("// stride + 1", "// stride"),
        ("kernel) // stride + 1", "kernel + 1) // stride"),
        ("//", "/"),
        ("(side + 2 * padding - kernel) // stride + 1", "-(-(side + 2 * padding) // stride)"),
        ("(side + 2 * padding - kernel) // stride + 1",
         "round((side + 2 * padding - kernel) / stride) + 1"),
        ("// stride", ""),
        ("stride=1, padding=0", "stride=1, padding=2"),
        # The examples by heart.
        "def output_side(side, kernel, stride=1, padding=0):\n    return 28",
        # An answer that claims to be equal to everything.
        "class Yes:\n    def __eq__(self, other):\n        return True\n\n\n"
        "def output_side(*args, **kwargs):\n    return Yes()",
    ],
    "q5_any_table": [
        ("int(table.sum())", "60"),
        ("int(table.sum())", "table.numel()"),
        ("len(table)", "table.shape[1]"),
        ("len(table)", "16"),
        ("len(table)", "int(table.sum())"),
        ("(width - kernel + 1)", "(height - kernel + 1)"),
        ("places * weights", "places * parameters"),
        ("places = (height - kernel + 1) * (width - kernel + 1)", "places = height * width"),
        ("places = (height - kernel + 1) * (width - kernel + 1)", "places = 100"),
        ("kernel**2", "25"),
        ("kernel**2", "kernel * 5"),
        "def sparse_counts(*args):\n    return 1516, 151600, 150000",
    ],
    "q6_dense": [
        ("(HEIGHT * WIDTH + 1)", "HEIGHT * WIDTH"),
        ("HEIGHT * WIDTH + 1", "KERNEL**2 + 1"),
        ("c1[0] * c1[1]", "c1[1]"),
        ("c1[0] * c1[1] * c1[2] * (HEIGHT * WIDTH + 1)", "HEIGHT * WIDTH * (HEIGHT * WIDTH + 1)"),
        ("(HEIGHT * WIDTH + 1)", "HEIGHT * WIDTH + 1"),
        "dense_parameters = 1_000_000",
    ],
}  # fmt: skip
