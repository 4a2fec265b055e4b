"""`python -m mlfw_bentoml.build VERSION`: build a Bento and print where it is."""

from __future__ import annotations

import json
import sys

import bentoml
from bentoml.exceptions import BentoMLException


def main(version: str) -> int:
    """Build the Bento that `bentofile.yaml` in the current folder describes.

    Args:
        version: The Bento's version; empty for one that BentoML makes up.

    Returns:
        0, or 2 where BentoML refuses.
    """
    try:
        bento = bentoml.bentos.build_bentofile(version=version or None)
    except BentoMLException as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    print(json.dumps({"tag": str(bento.tag), "path": bento.path}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
