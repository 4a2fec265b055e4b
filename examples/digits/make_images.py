"""Write scikit-learn's handwritten digits as PNG files, in one folder a digit.

From this folder type:

    python make_images.py
    mlfw run run.yaml
    mlfw predict latest images/3

The first writes 1,797 images of 8 x 8 pixels to `images/0` ... `images/9`; the last one tells for
each image of threes which digit the model takes it for. `pip install "mlfw[images,lightning]"`
brings what is needed, with scikit-learn for the digits themselves.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

BRIGHTEST = 16


def main(folder: Path) -> None:
    """Write the images into a folder, one sub-folder a digit."""
    digits = load_digits()
    for number, (pixels, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        path = folder / str(digit) / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((pixels * (255 / BRIGHTEST)).astype(np.uint8)).save(path)


if __name__ == "__main__":
    main(Path(__file__).parent / "images")
