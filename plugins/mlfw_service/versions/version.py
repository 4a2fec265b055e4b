"""A loaded model, and the place that it has in a service while versions come and go."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mlfw import UserError
from mlfw.pipeline.manifest import MANIFEST, model_version
from mlfw_service.asgi import App, Header
from mlfw_service.versions.calls import call

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel

# The metadata of the files of a folder: path, inode, time of change, size.
Fingerprint = frozenset[tuple[str, int, int, int]]


@dataclass(frozen=True)
class Version:
    """A saved model in memory.

    Attributes:
        name: What the model is called in this service.
        id: The first digits of the SHA-256 of its manifest: other files, another version.
        model: The model.
        routes: What answers requests with it, by path.
        fingerprint: The state of the folder that it was loaded from.
        loaded: When, in ISO 8601, UTC.
    """

    name: str
    id: str
    model: SavedModel
    routes: Mapping[str, App]
    fingerprint: Fingerprint
    loaded: str
    headers: tuple[Header, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        headers = ((b"x-model", quote(self.name)), (b"x-model-version", self.id))
        object.__setattr__(self, "headers", tuple((key, text.encode()) for key, text in headers))

    async def describe(self, path: str) -> dict[str, Any]:
        """Return what the model's own route answers; nothing if there is no such route."""
        if path not in self.routes:
            return {}
        return dict(json.loads((await call(self.routes[path], "GET", path)).body))


@dataclass
class Slot:
    """The place of a model in a service.

    Attributes:
        version: The version that answers. Requests under way keep the one with which they began.
        problem: Why a later version was not taken over; empty where there is none.
    """

    version: Version
    problem: str = ""


def load_version(
    name: str,
    folder: Path,
    load: Callable[[Path], SavedModel],
    make_routes: Callable[[SavedModel, str], Mapping[str, App]],
) -> Version:
    """Load a saved model.

    Args:
        name: What the model is called in this service.
        folder: The saved model's folder. Where it is a link, later changes of the link do not
            matter while it is loaded.
        load: Loads a saved model.
        make_routes: Returns what answers requests with it, given its name too.

    Raises:
        UserError: It cannot be loaded, or was changed meanwhile.
    """
    resolved = folder.resolve()
    if not (resolved / MANIFEST).is_file():
        raise UserError(f"{folder}: expected a saved model, found no {MANIFEST}.", "Copy it again.")
    before = fingerprint(folder)
    model = load(resolved)
    number = model_version(resolved)
    if fingerprint(folder) != before:
        raise UserError(f"{folder}: changed while it was being loaded.", "Wait until it is whole.")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Version(name, number, model, make_routes(model, name), before, now)


def fingerprint(folder: Path) -> Fingerprint:
    """Return the state of a folder's files without reading them; empty if there is no folder."""
    found = set()
    try:
        for path in folder.resolve().rglob("*"):
            state = path.stat()
            found.add((str(path), state.st_ino, state.st_mtime_ns, state.st_size))
    except OSError:  # a file that is being replaced
        return frozenset()
    return frozenset(found)
