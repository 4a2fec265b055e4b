"""Ending a process when the one that started it has gone, however it went."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from threading import Thread

PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
LOOK_SECONDS = 0.5


def end_with_parent() -> None:
    """End this process, and what it has started, when its parent has gone.

    On Linux the system does it, also where this process is frozen or deep in foreign code.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    Thread(target=watch, name="mlfw-parent", daemon=True).start()
