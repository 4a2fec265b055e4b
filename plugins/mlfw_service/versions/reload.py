"""Taking over new versions of models without a restart."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import Kind, MlfwError, UserError
from mlfw.files import read_json
from mlfw.schema.differences import schema_difference
from mlfw_onnx import replay_sample
from mlfw_service.versions.version import Fingerprint, Slot, Version, fingerprint

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel
    from mlfw_service.versions.counts import VersionCounts

logger = logging.getLogger("mlfw.service.versions")
logger.setLevel(logging.INFO)

SETTLING = 0.5  # seconds between two looks at a folder that has just changed
SAMPLE = "sample.json"


class Reloader:
    """Looks at the folders of models, and takes over versions that have passed all checks.

    A version is loaded beside the one that answers, in a thread of its own. Its files must be as
    they were saved, it must predict its sample as when it was saved, and take and give the same as
    the version that answers. Otherwise that one goes on answering.

    Args:
        folders: The folder in which each model's newest version is, found anew for every look.
        slots: The models.
        load: Loads a version, given its name and its folder.
        seconds: Between two looks.
        counts: Where it is counted.
        serves: Called with each version that answers from then on.
    """

    def __init__(
        self,
        folders: Mapping[str, Callable[[], Path]],
        slots: Mapping[str, Slot],
        load: Callable[[str, Path], Version],
        seconds: float,
        counts: VersionCounts,
        serves: Callable[[Version], None],
    ) -> None:
        self._folders, self._slots, self._load = folders, slots, load
        self._seconds, self._counts, self._serves = seconds, counts, serves
        self._seen = {name: slot.version.fingerprint for name, slot in slots.items()}
        self._settling: dict[str, Fingerprint] = {}
        self._wake, self._closed = threading.Event(), False
        threading.Thread(target=self._run, name="mlfw-reload", daemon=True).start()

    def wake(self) -> None:
        """Look at once."""
        self._wake.set()

    def close(self) -> None:
        """Let the thread end."""
        self._closed = True
        self._wake.set()

    def _run(self) -> None:
        while not self._closed:
            seconds = min(self._seconds, SETTLING) if self._settling else self._seconds
            at_once = self._wake.wait(seconds)
            self._wake.clear()
            for name in self._slots:
                if not self._closed:
                    self._look(name, at_once=at_once)

    def _look(self, name: str, *, at_once: bool) -> None:
        """Take over a model's newest version if there is a new one that no longer changes."""
        slot = self._slots[name]
        try:
            folder = self._folders[name]()
            found = fingerprint(folder)
            settled = self._settling.pop(name, None) == found
            if found == slot.version.fingerprint:
                self._seen[name], slot.problem = found, ""
                return
            if found == self._seen[name] and not at_once:
                return
            if not (settled or at_once):
                self._settling[name] = found
                return
            self._seen[name] = found
            version = self._checked(name, folder, slot.version)
            self._seen[name] = version.fingerprint
        except Exception as error:  # whatever it is, the version that answers goes on
            self._refuse(name, slot, error)
            return
        slot.version, slot.problem = version, ""
        self._serves(version)
        self._counts.reloads.labels(name, "taken over").inc()
        logger.info("model %s: version %s answers from now on", ascii(name), version.id)

    def _checked(self, name: str, folder: Path, before: Version) -> Version:
        version = self._load(name, folder)
        difference = schema_difference(before.model.schema, version.model.schema)
        if difference:
            raise UserError(
                f"{folder}: cannot stand in for the version that answers: their schemas differ: "
                f"{difference}.",
                "Serve it under a name of its own: mlfw serve NAME=RUN",
            )
        replay_sample(folder)
        predict_first(version.model, folder)
        return version

    def _refuse(self, name: str, slot: Slot, error: Exception) -> None:
        known = isinstance(error, MlfwError | OSError)
        problem = str(error) if known else f"{type(error).__name__} while it was tried"
        if problem == slot.problem:
            return
        slot.problem = problem
        self._counts.reloads.labels(name, "refused").inc()
        logger.warning(
            "model %s: version %s goes on answering; the new one was not taken over: %s",
            ascii(name),
            slot.version.id,
            problem,
            exc_info=not known,
        )


def predict_first(model: SavedModel, folder: Path) -> None:
    """Predict the first row of a saved model's sample, if it has one.

    What is prepared for the first prediction only is so prepared before the first request.
    """
    if not (folder / SAMPLE).is_file():
        return
    row = read_json(folder / SAMPLE)["rows"][0]
    for column in model.schema.columns:
        if column.kind is Kind.image and row[column.name] is not None:
            row[column.name] = base64.b64decode(row[column.name])
    model.predict_noting([row], [])


@contextmanager
def on_hangup(call: Callable[[], None] | None) -> Iterator[None]:
    """Call a function on SIGHUP while the block runs, where the system has that signal."""
    number = getattr(signal, "SIGHUP", None)
    if call is None or number is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(number, call)
    try:
        yield
    finally:
        with contextlib.suppress(RuntimeError):
            loop.remove_signal_handler(number)
