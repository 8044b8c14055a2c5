"""Assignment 6: audit a tutorial."""

RIGHT = {
    "q1_claims": [
        """
net = TutorialLeNet()
count = lambda layer: sum(p.numel() for p in layer.parameters())
claims = dict(
    A=count(net.conv1) == A_CLAIM, B=count(net.conv2) == 1516, C=not C_CLAIM,
    D=F.avg_pool2d(net.conv1(torch.zeros(1, 1, 28, 28)), 2).shape[-1] - 4 == D_CLAIM,
    E=torch.tensor(1.0) == 1, F=("another" in F_CLAIM), G=G_CLAIM < 61_000,
    H=H_CLAIM == "without",
)
""",
        """
import numpy as np
claims = {letter: np.bool_(truth) for letter, truth in {
    "A": 156 == A_CLAIM, "B": 2416 == 1516, "C": 0 == C_CLAIM, "D": 10 == D_CLAIM,
    "E": 1 == 1, "F": F_CLAIM != "the same value as", "G": G_CLAIM == 60000,
    "H": H_CLAIM != "with"}.items()}
""",
    ],
    "q2_counts": [
        "counts = {'conv1': 156, 'conv2': 2416, 'fc1': 400 * FIRST + FIRST,\n"
        "          'fc2': FIRST * SECOND + SECOND, 'fc3': 10 * SECOND + 10}\n"
        "counts['total'] = sum(counts.values())",
        """
counts = {}
for name, p in TutorialLeNet().named_parameters():
    layer = name.split(".")[0]
    counts[layer] = counts.get(layer, 0) + torch.tensor(p.shape).prod()
counts["total"] = float(sum(counts.values()))
""",
    ],
    "q3_pictures": [
        "from lenet_utils import normalise_1998, pad_to_32\n"
        "def pictures(images):\n    return normalise_1998(pad_to_32(images))",
        """
def pictures(images):
    x = torch.zeros(len(images), 1, 32, 32, dtype=torch.float64)
    x[:, 0, 2:30, 2:30] = images / 255
    return x * (1.175 + 0.1) - 0.1
""",
        "def pictures(images):\n    x = images[:, None].float() / 255 * 1.275 - 0.1\n"
        "    return F.pad(x, (2, 2, 2, 2), value=-0.1)",
    ],
    "q4_smallest": [
        "import math\nsmallest = -math.log(math.e / (math.e + CLASSES - 1))",
        "import numpy as np\nsmallest = np.log(np.exp(1) + (CLASSES - 1)) - 1",
        "import math\nsmallest = round(math.log(math.e + CLASSES - 1) - 1, 3)",
    ],
    "q4_loss": [
        "loss = nn.CrossEntropyLoss()",
        "def loss(scores, labels):\n"
        "    return F.nll_loss(torch.log_softmax(scores, dim=1), labels)",
        "def loss(scores, labels):\n"
        "    picked = scores.gather(1, labels[:, None])[:, 0]\n"
        "    return (scores.logsumexp(1) - picked).mean()",
    ],
    "q5_report": [
        """
def report(validation, test):
    best = None
    for run in validation:
        for e in range(len(validation[run])):
            now = (validation[run][e], e)
            if best is None or now < best:
                best, chosen = now, run
    return [chosen, best[1] + 1, test[chosen][best[1]]]
""",
        """
import numpy as np
def report(validation, test):
    # The lesson's choice for each run, and then among the runs.
    best = {run: int(np.argmin(errors)) for run, errors in validation.items()}
    run = sorted(best, key=lambda run: (validation[run][best[run]], best[run]))[0]
    return run, np.int64(best[run] + 1), np.array(test[run])[best[run]]
""",
        """
def report(validation, test):
    least = min(min(errors) for errors in validation.values())
    epoch = min(errors.index(least) for errors in validation.values() if least in errors)
    for run, errors in validation.items():
        if errors[epoch : epoch + 1] == [least]:
            return run, epoch + 1, torch.tensor(test[run])[epoch]
""",
    ],
}

WRONG = {
    "q1_claims": [
        ("A_CLAIM == 6 * 26", "A_CLAIM != 6 * 26"),
        ("16 * (6 * 25 + 1) == 1516", "True"),
        ("C_CLAIM == 0", "C_CLAIM == 44"),
        ("D_CLAIM == 28 // 2 - 5 + 1", "D_CLAIM != 10"),
        ('"E": True', '"E": False'),
        ('F_CLAIM == "another value than"', 'F_CLAIM == "the same value as"'),
        ("G_CLAIM == 60_000", "G_CLAIM == 61_706"),
        ('H_CLAIM == "without"', 'H_CLAIM == "with"'),
        "claims = dict.fromkeys('ABCDEFGH', True)",
        "claims = dict.fromkeys('ABCDEFGH', False)",
        # The claims are made true.
        "A_CLAIM, C_CLAIM, D_CLAIM = 156, 0, 10\n"
        "claims = dict.fromkeys('ABCDEFGH', True)",
    ],
    "q2_counts": [
        ("sum(p.numel() for p in layer.parameters())", "layer.weight.numel()"),
        ("sum(p.numel() for p in layer.parameters())", "len(list(layer.parameters()))"),
        ("sum(p.numel() for p in layer.parameters())", "layer.weight.shape[0]"),
        ('counts["total"] = sum(counts.values())', 'counts["total"] = 61_706'),
        ('counts["total"] = sum(counts.values())', 'counts["total"] = 60_000'),
        ('counts["total"] = sum(counts.values())',
         'counts["total"] = sum(counts.values()) + 44'),
        ('counts["total"] = sum(counts.values())',
         'counts["total"] = sum(counts.values())\ncounts["conv2"] = 1_516'),
        ("net = TutorialLeNet()", "FIRST, SECOND = 120, 84\nnet = TutorialLeNet()"),
    ],
    "q3_pictures": [
        ("F.pad(images, (2, 2, 2, 2)).float()", "images.float()"),
        # Padded after normalising, with 0.
        "def pictures(images):\n    x = images[:, None].float() / 255 * 1.275 - 0.1\n"
        "    return F.pad(x, (2, 2, 2, 2))",
        ("(2, 2, 2, 2)", "(0, 4, 0, 4)"),
        ("(2, 2, 2, 2)", "(2, 2, 2, 2), value=255"),
        ("1.275", "1.175"),
        (" - 0.1", ""),
        ("- 0.1", "+ 0.1"),
        ("/ 255 * 1.275", "/ 256 * 1.275"),
        ("[:, None]", ""),
        "def pictures(images):\n"
        "    return F.interpolate(images[:, None].float(), size=32) / 255 * 1.275 - 0.1",
        "def pictures(images):\n    return F.pad(tutorial_pictures(images), (2, 2, 2, 2))",
        ("    padded", "    images.clamp_(max=200)\n    padded"),
    ],
    "q4_smallest": [
        ("torch.eye(CLASSES)", "torch.eye(10)"),
        ("torch.eye(CLASSES)", "torch.eye(CLASSES + 1)"),
        ("torch.eye(CLASSES)[:1]", "torch.zeros(1, CLASSES)"),
        ("torch.eye(CLASSES)", "torch.eye(CLASSES).softmax(1)"),
        ("smallest = float", "smallest = -float"),
        "smallest = 0.0",
        "smallest = 1.4612",
    ],
    "q4_loss": [
        ("scores, labels)\n", "scores.softmax(1), labels)\n"),
        ("scores, labels)\n", "scores.log_softmax(1).exp(), labels)\n"),
        ("F.cross_entropy(scores, labels)", "F.cross_entropy(scores, labels, reduction='sum')"),
        ("F.cross_entropy(scores, labels)", "F.cross_entropy(scores, labels, label_smoothing=0.1)"),
        ("F.cross_entropy(scores, labels)", "F.nll_loss(scores, labels)"),
        ("F.cross_entropy(scores, labels)", "F.nll_loss(scores.softmax(1).log(), labels)"),
        ("F.cross_entropy(scores, labels)",
         "F.nll_loss((scores.softmax(1) + 1e-9).log(), labels)"),
        ("F.cross_entropy(scores, labels)", "F.multi_margin_loss(scores, labels)"),
        ("F.cross_entropy(scores, labels)", "F.cross_entropy(scores.clamp(-50, 50), labels)"),
        ("F.cross_entropy(scores, labels)", "F.cross_entropy(scores.detach(), labels)"),
        ("F.cross_entropy(scores, labels)", "F.cross_entropy(-scores, labels)"),
        ("F.cross_entropy(scores, labels)", "tutorial_loss(F.softmax(scores, 1), labels)"),
        ("F.cross_entropy(scores, labels)", "torch.tensor(2.302585)"),
    ],
    "q5_report": [
        ("test[run][epoch - 1]", "min(test[run])"),
        ("test[run][epoch - 1]", "test[run][-1]"),
        ("test[run][epoch - 1]", "validation[run][epoch - 1]"),
        ("test[run][epoch - 1]", "list(test.values())[0][epoch - 1]"),
        ("test[run][epoch - 1]", "min(t[epoch - 1] for t in test.values() if len(t) >= epoch)"),
        ("return run, epoch,", "return run, epoch - 1,"),
        ("return run, epoch, test[run][epoch - 1]", "return epoch, run, test[run][epoch - 1]"),
        ("return run, epoch, test[run][epoch - 1]", "return epoch, test[run][epoch - 1]"),
        ("in validation.items()", "in test.items()"),
        ("min(\n", "max(\n"),
        # Of equal errors the last, or that of the first run.
        ("(error, epoch, run)", "(error, -epoch, run)"),
        [("(error, epoch, run)", "(error, run, epoch)"),
         ("_, epoch, run = min", "_, run, epoch = min")],
        # A run is judged by its last epoch, or by its mean.
        """
def report(validation, test):
    run = min(validation, key=lambda run: validation[run][-1])
    epoch = validation[run].index(min(validation[run]))
    return run, epoch + 1, test[run][epoch]
""",
        """
def report(validation, test):
    run = min(validation, key=lambda run: sum(validation[run]) / len(validation[run]))
    epoch = validation[run].index(min(validation[run]))
    return run, epoch + 1, test[run][epoch]
""",
        # The run by its test errors.
        """
def report(validation, test):
    run = min(test, key=lambda run: min(test[run]))
    epoch = validation[run].index(min(validation[run]))
    return run, epoch + 1, test[run][epoch]
""",
        # Right in each run, as in the lesson, and the best test error of them.
        """
def report(validation, test):
    best = {run: errors.index(min(errors)) for run, errors in validation.items()}
    run = min(best, key=lambda run: test[run][best[run]])
    return run, best[run] + 1, test[run][best[run]]
""",
        # The lesson's own.
        """
def report(held_out_errors, test_errors):
    best = held_out_errors.index(min(held_out_errors))
    return best + 1, test_errors[best]
""",
    ],
}  # fmt: skip
