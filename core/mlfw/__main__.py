"""`python -m mlfw` is the command `mlfw`."""

import sys
from pathlib import Path

if not sys.flags.safe_path and sys.path and Path(sys.path[0]) == Path.cwd():
    # `python -m` puts the working folder first; the installed command `mlfw` does not, and what
    # happens to lie there must not be taken for a package.
    del sys.path[0]

from mlfw.cli.main import entry

if __name__ == "__main__":
    entry()
