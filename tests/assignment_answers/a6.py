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
    best = 0
    for epoch in range(len(validation)):
        if validation[epoch] < validation[best]:
            best = epoch
    return [best + 1, test[best]]
""",
        "import numpy as np\ndef report(validation, test):\n"
        "    e = np.argmin(validation)\n    return np.int64(e + 1), np.array(test)[e]",
        "def report(validation, test):\n"
        "    _, epoch, error = min(zip(validation, range(1, 99), test))\n    return epoch, error",
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
        ("return best + 1, test[best]", "return best + 1, min(test)"),
        ("return best + 1, test[best]", "return best, test[best]"),
        ("return best + 1, test[best]", "return best + 1, validation[best]"),
        ("return best + 1, test[best]", "return test[best], best + 1"),
        ("validation.index(min(validation))", "test.index(min(test))"),
        ("validation.index(min(validation))", "validation.index(max(validation))"),
        ("validation.index(min(validation))", "len(validation) - 1"),
        ("validation.index(min(validation))",
         "len(validation) - 1 - validation[::-1].index(min(validation))"),
        ("validation.index(min(validation))",
         "min(range(len(test)), key=lambda e: validation[e] + test[e])"),
        ("return best + 1, test[best]", "return best + 1, sum(test) / len(test)"),
    ],
}  # fmt: skip
