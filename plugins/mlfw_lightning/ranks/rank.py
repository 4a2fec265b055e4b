"""One rank of a training: reads its job, trains, and the first rank writes the result.

Run by `mlfw_lightning.ranks.local_ranks` as `python -m mlfw_lightning.ranks.rank RANK FOLDER
--channel NUMBER [--allow-import PACKAGE]`, where RANK is a `mlfw.Rank` as JSON. It tells that it
lives before it loads what takes long.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

from mlfw import Imports, Rank, StopRequested, UserError
from mlfw.jobs.lines import LineWriter
from mlfw.jobs.parent import end_with_parent
from mlfw_lightning.ranks.local_ranks import ALLOW_IMPORT


def main(arguments: Sequence[str]) -> int:
    """Train as one rank; return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rank", type=json.loads)
    parser.add_argument("job", type=Path)
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument(ALLOW_IMPORT, action="append", default=[], dest="packages")
    options = parser.parse_args(arguments)
    end_with_parent()
    channel = LineWriter(os.fdopen(options.channel, "wb"))
    Thread(target=channel.beat, daemon=True).start()
    os.set_inheritable(options.channel, False)
    try:
        from mlfw.pipeline.stop import StopSignal
        from mlfw_lightning.ranks.rank_job import train_as

        with StopSignal().listening() as stop:
            train_as(
                Rank(**options.rank),
                options.job,
                tell=lambda message: channel.send(**message),
                imports=Imports.of(options.packages),
                stopping=stop.asked,
            )
    except UserError as error:
        channel.send(mistake={"problem": error.problem, "remedy": error.remedy})
        return error.exit_code
    except StopRequested as stopped:
        return stopped.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
