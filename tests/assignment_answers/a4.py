"""Assignment 4: losses and training."""

RIGHT = {
    "q1_eq8": [
        "def eq8(y, labels):\n    return y.gather(1, labels[:, None]).squeeze(1).mean()",
        "def eq8(y, labels):\n"
        "    return sum(float(row[d]) for row, d in zip(y, labels)) / len(labels)",
        # A product with codes of 0 and 1 of float32.
        "def eq8(y, labels):\n    picks = nn.functional.one_hot(labels, y.shape[1]).float()\n"
        "    return torch.einsum('nk,nk->n', y, picks).mean()",
        "import numpy as np\ndef eq8(y, labels):\n"
        "    return np.mean([y[i, labels[i]].item() for i in range(y.shape[0])])",
    ],
    "q2_eq9": [
        """
def eq9(y, labels, j, competitors):
    far = torch.where(competitors[labels], y, torch.full_like(y, float("inf")))
    own = y.gather(1, labels[:, None])
    everything = torch.cat([own, far, torch.full_like(own, j)], 1)
    return nn.functional.cross_entropy(-everything, torch.zeros_like(labels))
""",
        """
def eq9(y, labels, j, competitors):
    total = 0
    for row, d in zip(y, labels):
        values = [row[d]] + [row[i] for i in range(len(row)) if competitors[d, i]]
        least = min(min(float(v) for v in values), j)
        inside = sum(torch.exp(least - v) for v in values) + torch.exp(torch.tensor(least - j))
        total = total + row[d] - least + torch.log(inside)
    return total / len(y)
""",
        """
def eq9(y, labels, j, competitors):
    own = y[range(len(y)), labels]
    others = torch.logsumexp(-y + torch.log(competitors[labels].float()), dim=1)
    both = torch.logaddexp(torch.logaddexp(others, -own), torch.tensor(-float(j)))
    return torch.mean(own + both)
""",
        """
import numpy as np
def eq9(y, labels, j, competitors):
    losses = []
    for row, d in zip(y.double().numpy(), labels.numpy()):
        values = np.append(row[competitors[d].numpy()], [row[d], j])
        losses.append(row[d] + np.logaddexp.reduce(-values))
    return np.mean(losses)
""",
    ],
    "q3_slopes": [
        """
def eq9_slopes(y, labels, j):
    e = torch.exp(-y)
    slopes = -e / (e.sum(1, keepdim=True) + torch.exp(torch.tensor(-float(j))))
    slopes[range(len(y)), labels] += 1
    return slopes
""",
        """
import math
def eq9_slopes(y, labels, j):
    rows = []
    for row, d in zip(y.tolist(), labels.tolist()):
        z = math.exp(-j) + sum(math.exp(-v) for v in row)
        rows.append([(i == d) - math.exp(-v) / z for i, v in enumerate(row)])
    return rows
""",
    ],
    "q4_schedule": [
        """
RATES = [5e-4] * 2 + [2e-4] * 3 + [1e-4] * 3 + [5e-5] * 4
def rate_of_epoch(p):
    if p <= 0:
        raise ValueError("the first pass is 1")
    return RATES[p - 1] if p <= len(RATES) else 0.00001
""",
        """
def rate_of_epoch(p):
    if p in (1, 2): return 0.0005
    elif 3 <= p < 6: return 0.0002
    elif 6 <= p < 9: return 0.0001
    elif 9 <= p < 13: return 0.00005
    elif p >= 13: return torch.tensor(1e-5)
    raise ValueError(p)
""",
    ],
    "q5_train_epoch": [
        """
def train_epoch(net, loss, x, labels, order, rate):
    optimizer = torch.optim.SGD(net.parameters(), lr=rate)
    losses = []
    for i in order:
        optimizer.zero_grad()
        value = loss(net(x[i][None]), labels[i][None])
        value.backward()
        optimizer.step()
        losses.append(value.detach())
    return torch.stack(losses).mean()
""",
        """
def train_epoch(net, loss, x, labels, order, rate):
    parameters = list(net.parameters())
    mean = 0
    for i in order:
        value = loss(net(x[i : i + 1]), labels[i : i + 1])
        slopes = torch.autograd.grad(value, parameters)
        for p, s in zip(parameters, slopes):
            p.data.sub_(s, alpha=rate)
        mean += value.item() / len(order)
    return mean
""",
    ],
    "q6_choose": [
        """
from lenet_utils import evaluate
validation_error, best = {}, 2.0
for rate in nets:
    validation_error[rate] = evaluate(nets[rate], x[validation], labels[validation]).error
    if validation_error[rate] < best:
        best, chosen = validation_error[rate], rate
test_error = evaluate(nets[chosen], test_x, test_labels).error
""",
        """
import numpy as np
def wrong(net, pictures, truth):
    return np.mean(net.predict(pictures).numpy() != truth.numpy())
validation_error = {r: wrong(nets[r], x[validation], labels[validation]) for r in sorted(nets)}
chosen = sorted(nets)[int(np.argmin(list(validation_error.values())))]
test_error = torch.tensor(wrong(nets[chosen], test_x, test_labels))
""",
    ],
}

_PICK = "y[torch.arange(len(y)), labels]"

WRONG = {
    "q1_eq8": [
        (".mean()", ".sum()"),
        (".mean()", ".median()"),
        (_PICK, "y"),
        (_PICK, "y.min(1).values"),
        (_PICK, "y[:, labels]"),
        (_PICK, f"{_PICK}.square()"),
        (".mean()", ".mean() / 2"),
        (_PICK, "nn.functional.one_hot(labels, y.shape[1]) * y"),
        "def eq8(y, labels):\n    return nn.functional.cross_entropy(-y, labels)",
        "def eq8(y, labels):\n    return 4.5",
    ],
    "q2_eq9": [
        ("[exponents, reject]", "[exponents]"),
        ("(-y).masked_fill", "y.masked_fill"),
        ("-float(j)", "float(j)"),
        (").mean()", ").sum()"),
        ("pull + ", "pull - "),
        ("pull + ", ""),
        ("torch.logsumexp(torch.cat([exponents, reject], 1), 1)",
         "torch.log(torch.cat([exponents, reject], 1).exp().sum(1))"),
        ("torch.logsumexp(torch.cat([exponents, reject], 1), 1)",
         "torch.log(torch.cat([exponents, reject], 1).exp().sum(1) + 1e-12)"),
        ("torch.logsumexp(torch.cat([exponents, reject], 1), 1)",
         "torch.logsumexp(exponents, 1) + j"),
        # The table read by columns, by place in the batch, or as its opposite.
        ("competitors[labels]", "competitors.T[labels]"),
        ("competitors[labels]", "competitors[: len(y)]"),
        ("competitors[labels]", "~competitors[labels]"),
        # The right class left out of the sum.
        (" | nn.functional.one_hot(labels, y.shape[1]).bool()", ""),
        # A class that is left out has the distance 0, or one that is only large.
        ("-torch.inf", "0.0"),
        ("-torch.inf", "-100.0"),
        ("reject = torch.full((len(y), 1), -float(j), dtype=y.dtype)",
         "reject = torch.full((len(y), 1), torch.exp(torch.tensor(-float(j))), dtype=y.dtype)"),
        # Eq. 9 of the paper, as in the lesson: everybody is a rival.
        """
def eq9(y, labels, j, competitors=None):
    right = y.gather(1, labels[:, None])[:, 0]
    none = torch.full((len(y), 1), -j)
    return (right + torch.cat([none, -y], dim=1).logsumexp(1)).mean()
""",
        "def eq9(y, labels, j, competitors):\n    return nn.functional.cross_entropy(-y, labels)",
    ],
    "q3_slopes": [
        (" - probabilities", " + probabilities"),
        (" - probabilities", ""),
        ("return ", "return -1 * "),
        ("- probabilities", "- probabilities / len(y)"),
        ("return nn.functional.one_hot(labels, y.shape[1]) - probabilities",
         "return (nn.functional.one_hot(labels, y.shape[1]) - probabilities) / len(y)"),
        ("return nn.functional.one_hot(labels, y.shape[1]) - probabilities",
         "one = nn.functional.one_hot(labels, y.shape[1])\n"
         "    return (one - probabilities)[range(len(y)), labels]"),
        ("torch.softmax(torch.cat([-y, reject], 1), 1)[:, :-1]", "torch.softmax(-y, 1)"),
        ("torch.cat([-y, reject]", "torch.cat([y, reject]"),
        ("-float(j)", "float(j)"),
        ("[:, :-1]", "[:, 1:]"),
        ("1), 1)[:, :-1]", "1), 0)[:, :-1]"),
        "def eq9_slopes(y, labels, j):\n    return torch.full_like(y, -0.25).scatter("
        "1, labels[:, None], 0.75)",
    ],
    "q4_schedule": [
        ("(2, 5e-4), (5, 2e-4), (8, 1e-4), (12, 5e-5)",
         "(1, 5e-4), (4, 2e-4), (7, 1e-4), (11, 5e-5)"),
        ("(2, 5e-4), (5, 2e-4), (8, 1e-4), (12, 5e-5)",
         "(2, 5e-4), (3, 2e-4), (3, 1e-4), (4, 5e-5)"),
        ("(12, 5e-5)", "(13, 5e-5)"),
        ("(8, 1e-4), ", ""),
        ("p <= last", "p < last"),
        ("return 1e-5", "return 0"),
        ("return 1e-5", "raise ValueError"),
        ("    if p < 1:\n", "    if p < 0:\n"),
        ("raise ValueError(f\"p is {p}; passes are counted from 1\")", "return None"),
        ("raise ValueError", "raise KeyError"),
        "def rate_of_epoch(p):\n    return 0.0005 if p < 10 else 0.00001",
    ],
    "q5_train_epoch": [
        ("        net.zero_grad()\n", ""),
        ("p -= rate", "p += rate"),
        ("p -= rate * p.grad", "p -= rate * p.grad.sign()"),
        ("p -= rate * p.grad", "p -= rate / len(order) * p.grad"),
        ("p -= rate * p.grad", "p = p - rate * p.grad"),
        ("order.tolist()", "range(len(order))"),
        ("order.tolist()", "order.tolist()[:-1]"),
        ("order.tolist()", "sorted(order.tolist())"),
        ("order.tolist()", "reversed(order.tolist())"),
        ("return total / len(order)", "return total"),
        ("return total / len(order)", "return value.item()"),
        ("return total / len(order)", "return total / len(x)"),
        ("total += value.item()", "total += loss(net(x[i : i + 1]), labels[i : i + 1]).item()"),
        # One update a pass.
        """
def train_epoch(net, loss, x, labels, order, rate):
    value = loss(net(x[order]), labels[order])
    net.zero_grad()
    value.backward()
    with torch.no_grad():
        for p in net.parameters():
            p -= rate * p.grad
    return value.item()
""",
        """
def train_epoch(net, loss, x, labels, order, rate):
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    total = 0
    for i in order:
        optimizer.zero_grad()
        value = loss(net(x[i][None]), labels[i][None])
        value.backward()
        optimizer.step()
        total += value.item()
    return total / len(order)
""",
    ],
    "q6_choose": [
        ("argmin(1)", "argmax(1)"),
        ("x[validation], labels[validation]", "x[train], labels[train]"),
        ("x[validation], labels[validation]", "test_x, test_labels"),
        ("(net(x).argmin(1) != labels)", "(net(x).argmin(1) == labels)"),
        ("chosen = min(validation_error", "chosen = max(validation_error"),
        ("min(validation_error, key=validation_error.get)", "min(validation_error)"),
        ("min(validation_error, key=validation_error.get)", "min(validation_error.values())"),
        ("error(nets[chosen], test_x, test_labels)", "validation_error[chosen]"),
        ("error(nets[chosen], test_x, test_labels)", "error(nets[0.001], test_x, test_labels)"),
        ("error(nets[chosen], test_x, test_labels)",
         "100 * error(nets[chosen], test_x, test_labels)"),
        ("error(nets[chosen], test_x, test_labels)", "0.05"),
    ],
}  # fmt: skip
