"""`python -m mlfw_containers.check MODEL`: find out whether a saved model works where it is."""

from __future__ import annotations

import sys
from pathlib import Path

import mlfw
from mlfw_onnx import replay_sample


def main(folder: Path) -> int:
    """Load a saved model and compare what it predicts for its sample rows.

    Args:
        folder: The saved model's folder.

    Returns:
        0, or 2 where it cannot be loaded or predicts differently than when it was saved.
    """
    try:
        mlfw.load(folder)
        rows = replay_sample(folder)
    except mlfw.UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{folder}: loads, and predicts {rows} sample rows as when it was saved")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
