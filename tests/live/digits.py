"""Write the test digits of the live page: two of each class from the shipped sample."""

import base64
import json
from pathlib import Path

from lenet_utils import load_mnist

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "book" / "_static" / "live" / "digits.json"
PER_CLASS = 2


def choose() -> dict[str, list[str]]:
    """Return the first digits of each class, 28x28 bytes as base64."""
    images, labels = load_mnist(sample=True).test
    return {
        str(digit): [
            base64.b64encode(image.numpy().tobytes()).decode()
            for image in images[labels == digit][:PER_CLASS]
        ]
        for digit in range(10)
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(choose(), indent=0) + "\n", encoding="utf-8")
