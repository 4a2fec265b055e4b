"""A worker process: runs the jobs that it is sent, one after the other.

Run by `mlfw.jobs.process` as `python -P -u -m mlfw.worker CHANNEL`. Standard input brings one JSON
object a line: first what may be imported and from where, then the jobs. The descriptor CHANNEL
takes what the worker has to say, one JSON object a line too. It says that it lives before it loads
what takes long.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO

from mlfw.jobs.lines import LineWriter, parsed
from mlfw.jobs.parent import end_with_parent

SECONDS_TO_SAVE = 20.0


def main(arguments: Sequence[str]) -> int:
    """Run jobs until there are no more; return the exit status."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    descriptor = int(arguments[0])
    channel = LineWriter(os.fdopen(descriptor, "wb"))
    os.set_inheritable(descriptor, False)
    Thread(target=channel.beat, name="mlfw-beat", daemon=True).start()
    with os.fdopen(os.dup(0), "rb") as jobs, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)  # what jobs call must not read the jobs
        setup = parsed(jobs.readline())
        if setup is None:
            return 0
        sys.path[:] = setup["path"]
        return _work(jobs, channel, setup["packages"])


def _work(jobs: BinaryIO, channel: LineWriter, packages: Sequence[str]) -> int:
    from mlfw.components import Imports, Job, JobContext, JobSetup
    from mlfw.errors import StopRequested
    from mlfw.jobs.in_process import InProcess
    from mlfw.jobs.logs import forward_logs
    from mlfw.jobs.perform import perform
    from mlfw.pipeline.stop import StopSignal
    from mlfw.plugins import load_plugins
    from mlfw.threads import VARIABLES, set_threads

    forward_logs(lambda record: channel.send(log=record))
    kept: dict[str, Any] = {}
    threads = int(os.environ[VARIABLES[0]])
    stop = StopSignal(SECONDS_TO_SAVE)
    try:
        with stop.listening([signal.SIGTERM]):
            find = load_plugins().registry.job
            imports = Imports.of(packages)
            workers = InProcess(JobSetup(find, imports, kept=kept))
            for line in jobs:
                content = parsed(line)
                if content is None:
                    break
                if content["threads"] != threads:
                    threads = content["threads"]
                    set_threads(threads)
                context = JobContext(
                    workers=workers,
                    tell=lambda message: channel.send(told=dict(message)),
                    stopping=stop.asked,
                    imports=imports,
                    threads=threads,
                    kept=kept,
                )
                job = Job(**content["job"])
                channel.send(result=perform(job, context, find).to_json())
                stop.part_ended()
    except StopRequested as stopped:
        return stopped.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
