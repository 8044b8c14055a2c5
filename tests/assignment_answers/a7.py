"""Assignment 7: your own problem."""

RIGHT = {
    "q1_survey": [
        """
import hashlib
import numpy as np

by_bytes, held, opening = {}, [], {}
for name in FILES:
    split, kind, _ = name.split("/")
    digest = hashlib.sha256(FILES[name]).hexdigest()
    if split == "validation":
        held.append(digest)
        continue
    by_bytes.setdefault(digest, []).append(name)
    try:
        Image.open(io.BytesIO(FILES[name])).load()
        opening.setdefault(kind, []).append(digest)
    except Exception:
        pass
every = [digest for digests in opening.values() for digest in digests]
survey = dict(
    open=np.int64(len(every)), damaged=sum(map(len, by_bytes.values())) - len(every),
    rarest=sorted(opening, key=lambda kind: len(opening[kind]))[0],
    copies=torch.tensor(len(every) - len(set(every))),
    leaked=sum(digest in by_bytes for digest in held),
)
""",
        """
train = [(n.split("/")[1], c) for n, c in FILES.items() if n.split("/")[0] == "train"]
held = [c for n, c in FILES.items() if not n.startswith("train")]
sound = [(k, c) for k, c in train if opened(c) is not None]
kinds = [k for k, _ in sound]
survey = {"damaged": len(train) - len(sound), "open": float(len(sound)),
          "rarest": min(kinds, key=kinds.count),
          "copies": sum(sound[i][1] in [c for _, c in sound[:i]] for i in range(len(sound))),
          "leaked": len([c for c in held if c in [t for _, t in train]])}
""",
    ],
    "q2_held_out": [
        """
def held_out(files):
    train = {hash(c): c for n, c in files.items() if n.split("/")[0] == "train"}
    names = []
    for name in sorted(files):
        if name[:11] == "validation/" and files[name] not in train.values():
            try:
                Image.open(io.BytesIO(files[name])).load()
            except OSError:
                continue
            names.append(name)
    return tuple(names)
""",
        ("sorted(\n        name", "sorted(\n        str(name)"),
    ],
    "q3_standardise": [
        """
def standardise(images):
    x = images.to(torch.float64).reshape(len(images), 1, -1)
    x = x - x.mean(2, keepdim=True)
    return (x / x.pow(2).mean(2, keepdim=True).sqrt().clamp(min=1e-3)).view(-1, 1, 32, 32)
""",
        """
def standardise(images):
    out = []
    for image in images.float():
        spread = image.std(unbiased=False)
        out.append((image - image.mean()) / (spread if spread > 0 else 1))
    return torch.stack(out).unsqueeze(1)
""",
        ("deviation.clamp(min=1e-6)", "(deviation + 1e-5)"),
    ],
    "q4_chances": [
        """
def chances(labels):
    weights = 1 / torch.bincount(labels).double()[labels]
    return weights / weights.sum()
""",
        """
def chances(labels):
    kinds, place, counts = labels.unique(return_inverse=True, return_counts=True)
    return [1 / len(kinds) / int(counts[p]) for p in place]
""",
    ],
    "q5_wrong_labels": [
        ("[:20]]", "[:19]]"),
        ("found = [names[i] for i in", "found = [str(names[int(i)]) for i in"),
        ("topk(3, 1)", "topk(4, 1)"),
    ],
    "q6_refuse": [
        """
import numpy as np
def refuse(held, test, none):
    limit = np.quantile(held.numpy(), LOST)
    return limit, np.mean(test.numpy() < limit), np.mean(none.numpy() < limit)
""",
        """
def refuse(held, test, none):
    limit = held.sort().values[round(LOST * len(held))].item()
    return [limit, sum(t < limit for t in test.tolist()) / len(test),
            float((none < limit).sum()) / len(none)]
""",
    ],
}

WRONG = {
    "q1_survey": [
        # Only the beginning of a file is looked at, or none of it.
        ("opened(content) is not None", "len(content) > 0"),
        ("opened(content) is not None", "True"),
        ("len(sound) - len(set(sound.values()))", "len(set(sound.values()))"),
        ("len(train) - len(sound)", "0"),
        ("min(set(classes)", "max(set(classes)"),
        ('if name.startswith("validation/")', ""),
        ('[name.split("/")[1] for name in sound]', '[name.split("/")[2] for name in sound]'),
        # Names in place of bytes.
        ("content in set(train.values())", 'name.replace("validation", "train") in train'),
        "survey = dict(open=390, damaged=5, rarest='A', copies=5, leaked=10)",
        "survey = dict.fromkeys(('open', 'damaged', 'rarest', 'copies', 'leaked'), 0)",
    ],
    "q2_held_out": [
        (" and content not in known", ""),
        (" and opened(content) is not None", ""),
        ("return sorted(", "return list("),
        ('name.startswith("train/")', '"train/" in name'),
        ('if name.startswith("train/")', ""),
        # Of the same class only.
        """
def held_out(files):
    train = {(n.split("/")[1], c) for n, c in files.items() if n.startswith("train/")}
    return sorted(n for n, c in files.items() if n.startswith("validation/")
                  and (n.split("/")[1], c) not in train and opened(c) is not None)
""",
        "def held_out(files):\n    return sorted(n for n in files if n.startswith('validation/'))",
        ("    known = {", "    files.pop(min(files), None)\n    known = {"),
    ],
    "q3_standardise": [
        ("x, (1, 2), keepdim=True", "x, (0, 1, 2), keepdim=True"),
        ("x, (1, 2), keepdim=True", "x, 0, keepdim=True"),
        ("x, (1, 2), keepdim=True", "x, 2, keepdim=True"),
        ("deviation.clamp(min=1e-6)", "deviation"),
        ("deviation.clamp(min=1e-6)", "deviation.clamp(min=1.0)"),
        ("deviation.clamp(min=1e-6)", "255"),
        ("(x - mean)", "x"),
        ("[:, None]", ""),
        ("    x = images.float()", "    images.clamp_(max=200)\n    x = images.float()"),
    ],
    "q4_chances": [
        ("(counts > 0).sum()", "len(counts)"),
        ("(counts[labels] * (counts > 0).sum())", "counts[labels]"),
        ("(counts[labels] * (counts > 0).sum())", "len(labels)"),
        ("1 / (counts[labels] * (counts > 0).sum())", "counts[labels] / len(labels)"),
        ("1 / (counts[labels] * (counts > 0).sum())", "1 / counts[counts > 0]"),
        "def chances(labels):\n    weights = torch.bincount(labels)[labels].float() ** -0.5\n"
        "    return weights / weights.sum()",
        "def chances(labels):\n    return torch.full((len(labels),), 1 / len(labels))",
    ],
    "q5_wrong_labels": [
        ("(outside - inside)", "(inside - outside)"),
        ("[:20]]", "[:3]]"),
        ("[:20]]", "[:60]]"),
        ("[:20]]", "[200:220]]"),
        ("found = [names[i] for i in", "found = [f'{names[i]}.jpg' for i in"),
        "found = sorted(FILES)[:20]",
        "found = []",
    ],
    "q6_refuse": [
        ("held.quantile(LOST)", "held.quantile(1 - LOST)"),
        ("held.quantile(LOST)", "test.quantile(LOST)"),
        ("held.quantile(LOST)", "none.quantile(LOST)"),
        ("held.quantile(LOST)", "held.quantile(LOST / 2)"),
        ("held.quantile(LOST)", "held.min() + LOST * (held.max() - held.min())"),
        ("held.quantile(LOST)", "LOST"),
        ("(test < limit)", "(held < limit)"),
        ("(none < limit)", "(none >= limit)"),
        ("(test < limit).double().mean(), (none < limit).double().mean()",
         "(none < limit).double().mean(), (test < limit).double().mean()"),
        ("(test < limit).double().mean()", "(test < limit).sum()"),
    ],
}  # fmt: skip
