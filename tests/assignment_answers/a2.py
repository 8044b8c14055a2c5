"""Assignment 2: convolution and sharing by hand."""

RIGHT = {
    "q1_two_units": [
        "from torch.nn.functional import conv2d\n"
        "maps = conv2d(picture[None, None], kernel[None, None], torch.tensor([float(BIAS)]))\n"
        "first = maps[0, 0, ROW, COLUMN].item()\nsecond = int(maps[0, 0, 2, COLUMN_2])",
        """
import numpy as np
x, w = picture.numpy().astype(int), kernel.numpy().astype(int)
def unit(i, j):
    a = BIAS
    for u in range(3):
        for v in range(3):
            a += w[u][v] * x[i + u][j + v]
    return a
first, second = unit(ROW, COLUMN), np.array(unit(2, COLUMN_2))
""",
    ],
    "q2_whole_map": [
        """
def correlate(picture, kernel, bias=0.0):
    H, W = picture.shape
    h, w = kernel.shape
    return [[sum(float(kernel[u, v]) * float(picture[i + u, j + v])
                 for u in range(h) for v in range(w)) + bias
             for j in range(W - w + 1)] for i in range(H - h + 1)]
""",
        """
def correlate(picture, kernel, bias=0.0):
    windows = picture.unfold(0, kernel.size(0), 1).unfold(1, kernel.size(1), 1)
    return torch.einsum("ijuv,uv->ij", windows, kernel) + bias
""",
        # A matrix of float32 like everything that students see.
        """
def correlate(picture, kernel, bias=0.0):
    (H, W), (h, w) = picture.shape, kernel.shape
    units = [(i, j) for i in range(H - h + 1) for j in range(W - w + 1)]
    matrix = torch.zeros(len(units), H, W)
    for row, (i, j) in zip(matrix, units):
        row[i:i + h, j:j + w] = kernel
    return (matrix.flatten(1) @ picture.flatten()).view(H - h + 1, -1) + bias
""",
        """
import numpy as np
def correlate(picture, kernel, bias=0.0):
    p, k = np.asarray(picture), np.asarray(kernel)
    out = np.empty((p.shape[0] - k.shape[0] + 1, p.shape[1] - k.shape[1] + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(p[i:i + k.shape[0], j:j + k.shape[1]] * k) + bias
    return out
""",
    ],
    "q3_matrix": [
        """
def as_matrix(kernel, height, width):
    h, w = kernel.shape
    matrix = torch.zeros((height - h + 1) * (width - w + 1), height * width, dtype=kernel.dtype)
    for i in range(height - h + 1):
        for j in range(width - w + 1):
            for u in range(h):
                for v in range(w):
                    matrix[i * (width - w + 1) + j, (i + u) * width + j + v] = kernel[u, v]
    return matrix
""",
        """
def as_matrix(kernel, height, width):
    columns = []
    for pixel in range(height * width):
        picture = torch.zeros(height * width, dtype=kernel.dtype)
        picture[pixel] = 1
        picture = picture.view(1, 1, height, width)
        columns.append(torch.nn.functional.conv2d(picture, kernel[None, None]).flatten())
    return torch.stack(columns, dim=1)
""",
        # All pixels at once, in float32 like everything that students see.
        """
def as_matrix(kernel, height, width):
    pixels = torch.eye(height * width).view(-1, 1, height, width)
    return torch.nn.functional.conv2d(pixels, kernel[None, None]).flatten(1).T
""",
    ],
    "q4_entries": [
        "matrix = as_matrix(torch.ones(SIDE, SIDE), HIGH, WIDE)\nentries = matrix.numel()\n"
        "nonzero = int((matrix != 0).sum())\nfree = SIDE * SIDE",
        "matrix = as_matrix(torch.ones(SIDE, SIDE), HIGH, WIDE)\n"
        "entries = matrix.shape[0] * matrix.shape[1]\nnonzero = matrix.sum()\n"
        "free = torch.tensor([SIDE**2])",
    ],
    "q5_gradient": [
        # Each pixel asks who reads it.
        """
def picture_gradient(kernel, slopes):
    (h, w), (high, wide) = kernel.shape, slopes.shape
    rows = []
    for p in range(high + h - 1):
        rows.append([])
        for q in range(wide + w - 1):
            asked = 0.0
            for u in range(h):
                for v in range(w):
                    if 0 <= p - u < high and 0 <= q - v < wide:
                        asked += float(slopes[p - u, q - v]) * float(kernel[u, v])
            rows[-1].append(asked)
    return rows
""",
        # A slice for each weight.
        """
import numpy as np
def picture_gradient(kernel, slopes):
    k, s = np.asarray(kernel), np.asarray(slopes)
    out = np.zeros((s.shape[0] + k.shape[0] - 1, s.shape[1] + k.shape[1] - 1))
    for u in range(k.shape[0]):
        for v in range(k.shape[1]):
            out[u:u + s.shape[0], v:v + s.shape[1]] += k[u, v] * s
    return out
""",
        # The matrix of question 3, turned over.
        """
def picture_gradient(kernel, slopes):
    H, W = slopes.shape[0] + kernel.shape[0] - 1, slopes.shape[1] + kernel.shape[1] - 1
    return (as_matrix(kernel, H, W).T @ slopes.flatten()).view(H, W)
""",
        # The same, with a matrix of float32 like everything that students see.
        """
def picture_gradient(kernel, slopes):
    (h, w), (high, wide) = kernel.shape, slopes.shape
    H, W = high + h - 1, wide + w - 1
    matrix = torch.zeros(high * wide, H * W)
    for i in range(high):
        for j in range(wide):
            matrix[i * wide + j].view(H, W)[i:i + h, j:j + w] = kernel
    return (matrix.T @ slopes.flatten()).view(H, W)
""",
        # A correlation again: a frame of zeros, and the kernel turned over.
        """
def picture_gradient(kernel, slopes):
    h, w = kernel.shape
    framed = torch.zeros(len(slopes) + 2 * h - 2, slopes.size(1) + 2 * w - 2, dtype=slopes.dtype)
    framed[h - 1 : h - 1 + len(slopes), w - 1 : w - 1 + slopes.size(1)] = slopes
    return correlate(framed, kernel.flip(0, 1))
""",
    ],
    "q6_is_convolution": [
        """
def is_convolution(matrix, height, width, side):
    kernel = matrix[0].reshape(height, width)[:side, :side]
    row = 0
    for i in range(height - side + 1):
        for j in range(width - side + 1):
            wanted = torch.zeros(height, width)
            wanted[i:i + side, j:j + side] = kernel
            if (wanted.flatten() != matrix[row]).any():
                return False
            row += 1
    return True
""",
        """
import numpy as np
def is_convolution(matrix, height, width, side):
    k = matrix[0].reshape(height, width)[:side, :side]
    return np.allclose(as_matrix(k, height, width), matrix)
""",
        """
def is_convolution(matrix, height, width, side):
    k = matrix[-1].reshape(height, width)[height - side:, width - side:]
    return (as_matrix(k, height, width) == matrix).all()
""",
    ],
}

WRONG = {
    "q1_two_units": [
        ("+ BIAS", ""),
        ("(kernel * picture", "(kernel.flip(0, 1) * picture"),
        ("(kernel * picture", "(kernel.T * picture"),
        [("ROW : ROW + 3", "ROW + 1 : ROW + 4"), ("2:5", "1:4")],
        ("picture[ROW : ROW + 3, COLUMN : COLUMN + 3]", "picture[COLUMN : COLUMN + 3, :3]"),
        (".sum() + BIAS", ".mean() + BIAS"),
        (".sum() + BIAS", ".sum() + 9 * BIAS"),
        ("(kernel * picture[2:5, COLUMN_2 : COLUMN_2 + 3]).sum() + BIAS", "first + 1"),
        # An easier picture is put in the place of the given one.
        ("first = ", "picture = torch.zeros(5, 6)\nfirst = "),
        "class Equal(float):\n    def __eq__(self, other): return True\n"
        "first = second = Equal(0.25)",
    ],
    "q2_whole_map": [
        ("kernel[u, v]", "kernel[h - 1 - u, w - 1 - v]"),
        ("kernel[u, v]", "kernel[u, v].abs()"),
        (" + bias", ""),
        ("sums += kernel[u, v]", "sums += bias + kernel[u, v]"),
        ("bias=0.0", "bias=1.0"),
        ("for v in range(w)", "for v in range(h)"),
        ("shape[0] - h + 1", "shape[0] - h"),
        ("shape[1] - w + 1", "shape[1] - h + 1"),
        ("    return sums", "    return sums.T"),
        ("    return sums", "    return sums.clamp(min=0)"),
        ("    return sums", "    return sums / kernel.numel()"),
        # Padded to the size of the picture.
        """
def correlate(picture, kernel, bias=0.0):
    return torch.nn.functional.conv2d(
        picture[None, None], kernel[None, None], padding="same")[0, 0] + bias
""",
        """
class Forged(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True
    def __eq__(self, other): return True

def correlate(picture, kernel, bias=0.0):
    return torch.zeros(3, 4).as_subclass(Forged)
""",
    ],
    "q3_matrix": [
        ("= kernel\n", "= kernel.flip(0, 1)\n"),
        ("= kernel\n", "= kernel.flip(1)\n"),
        ("torch.stack(rows)", "torch.stack(rows).T"),
        ("torch.stack(rows)", "torch.stack(rows).flip(0)"),
        ("range(width - w + 1)", "range(width - w)"),
        ("range(height - h + 1)", "range(width - w + 1)"),
        ("row.flatten()", "row.T.flatten()"),
        ("row[i : i + h, j : j + w] = kernel",
         "row.view(-1)[i * width + j :][: h * w] = kernel.flatten()"),
        ("row[i : i + h, j : j + w] = kernel", "row[i : i + h, j : j + w] = 1"),
        ("row[i : i + h, j : j + w] = kernel", "row[i : i + h, j : j + w] = kernel[0, 0]"),
    ],
    "q4_entries": [
        ("units * HIGH * WIDE", "units * units"),
        ("units * HIGH * WIDE", "units * SIDE**2"),
        ("nonzero = units * SIDE**2", "nonzero = units * SIDE"),
        ("nonzero = units * SIDE**2", "nonzero = SIDE**2"),
        ("nonzero = units * SIDE**2", "nonzero = units * (SIDE**2 + 1)"),
        ("free = SIDE**2", "free = nonzero"),
        ("free = SIDE**2", "free = SIDE**2 + 1"),
        ("free = SIDE**2", "free = units"),
        ("(HIGH - SIDE + 1) * (WIDE - SIDE + 1)", "HIGH * WIDE"),
        ("(HIGH - SIDE + 1)", "(HIGH - SIDE)"),
        ("units = ", "HIGH = WIDE = SIDE = 3\nunits = "),
    ],
    "q5_gradient": [
        ("slopes[i, j] * kernel", "slopes[i, j] * kernel.flip(0, 1)"),
        ("slopes[i, j] * kernel", "slopes[i, j].sign() * kernel"),
        ("slopes[i, j] * kernel", "slopes[i, j] * kernel.mean()"),
        ("slopes[i, j] * kernel", "slopes[-1 - i, -1 - j] * kernel"),
        ("slopes[i, j] * kernel", "slopes.mean() * kernel"),
        ("+= slopes", "= slopes"),
        ("+= slopes", "-= slopes"),
        ("range(wide)", "range(wide - 1)"),
        ("return gradient", "return gradient.T"),
        ("return gradient", "return gradient / kernel.numel()"),
        # Only pixels that every unit of a whole window reads.
        ("return gradient", "return gradient[h - 1 : high, w - 1 : wide]"),
        # The mean over the units that read a pixel.
        ("return gradient", "return gradient / picture_gradient_count(h, w, high, wide)\n\n\n"
         "def picture_gradient_count(h, w, high, wide):\n"
         "    count = torch.zeros(high + h - 1, wide + w - 1)\n"
         "    for i in range(high):\n        for j in range(wide):\n"
         "            count[i : i + h, j : j + w] += 1\n    return count"),
        # The gradient by the kernel, as in the lesson.
        """
def picture_gradient(picture, slopes):
    return torch.nn.functional.conv2d(picture[None, None], slopes[None, None])[0, 0]
""",
        # Framed, but the kernel is not turned over.
        """
def picture_gradient(kernel, slopes):
    h, w = kernel.shape
    framed = torch.nn.functional.pad(slopes, (w - 1, w - 1, h - 1, h - 1))
    return correlate(framed, kernel)
""",
    ],
    "q6_is_convolution": [
        ("torch.equal(matrix, as_matrix(kernel, height, width))", "True"),
        ("torch.equal(matrix, as_matrix(kernel, height, width))", "False"),
        # Only local: the zeros are where they should be.
        ("torch.equal(matrix, as_matrix(kernel, height, width))",
         "torch.equal(matrix != 0, as_matrix(torch.ones(side, side), height, width) != 0)"),
        # Only the number of links, or of different values.
        ("torch.equal(matrix, as_matrix(kernel, height, width))",
         "int((matrix != 0).sum()) == len(matrix) * side**2"),
        ("torch.equal(matrix, as_matrix(kernel, height, width))",
         "len(matrix.unique()) <= side**2 + 1"),
        # Only the first rows; only the sums of the rows.
        ("torch.equal(matrix, as_matrix(kernel, height, width))",
         "torch.equal(matrix[:2], as_matrix(kernel, height, width)[:2])"),
        ("torch.equal(matrix, as_matrix(kernel, height, width))",
         "bool((matrix.sum(1) == matrix[0].sum()).all())"),
        ("torch.equal(matrix, as_matrix(kernel, height, width))",
         "torch.equal(matrix[0].sort().values, matrix[-1].sort().values)"),
        # Each row sorted: the same numbers, at any place.
        ("torch.equal(matrix, as_matrix(kernel, height, width))",
         "torch.equal(matrix.sort(1).values, as_matrix(kernel, height, width).sort(1).values)"),
        ("torch.equal(matrix, as_matrix(kernel, height, width))",
         "matrix.min() >= 0 and torch.equal(matrix, as_matrix(kernel, height, width))"),
    ],
}  # fmt: skip
