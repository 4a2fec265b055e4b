"""Write scikit-learn's digits as PNG files: many of 0 to 4, and few to learn 5 to 9 from.

From this folder type:

    python make_images.py
    mlfw run source.yaml
    mlfw run scratch.yaml
    mlfw run transfer.yaml

The second command learns 0 to 4 from 901 images. The third learns 5 to 9 from 25 images, five a
digit; the fourth does the same but starts from the network that knows 0 to 4. Both are measured on
the same 821 images. Each digit stands at a random place of its image, so that comparing pixels does
not help: strokes must be found wherever they are, and that is what one set of digits teaches for
the other. With digits that fill their images there is so little to learn that starting anew is as
good.

`pip install "mlfw[images,lightning]"` brings what is needed, with scikit-learn for the digits
themselves.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

BRIGHTEST = 16
SIDE, CANVAS = 8, 12
FIRST_NEW = 5
FEW = 5


def main(folder: Path) -> None:
    """Write the images into a folder: `low/DIGIT` and `high/SPLIT/DIGIT`."""
    digits = load_digits()
    random = np.random.default_rng(0)
    seen: dict[int, int] = {}
    for number, (pixels, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        seen[digit] = seen.get(digit, 0) + 1
        path = folder / _place(int(digit), seen[digit]) / str(digit) / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        top, left = random.integers(0, CANVAS - SIDE, 2, endpoint=True)
        canvas = np.zeros((CANVAS, CANVAS), np.uint8)
        canvas[top : top + SIDE, left : left + SIDE] = pixels * (255 / BRIGHTEST)
        Image.fromarray(canvas).save(path)


def _place(digit: int, count: int) -> str:
    """Return where the so-manieth image of a digit belongs."""
    if digit < FIRST_NEW:
        return "low"
    if count <= FEW:
        return "high/train"
    return "high/validation" if count <= 3 * FEW else "high/test"


if __name__ == "__main__":
    main(Path(__file__).parent / "images")
