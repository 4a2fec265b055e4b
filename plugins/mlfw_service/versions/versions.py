"""The models of a process: loaded, shadowed, taken over, and let go at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw_service.asgi import App, Receive, Scope, Send
from mlfw_service.versions.counts import VersionCounts
from mlfw_service.versions.reload import Reloader, on_hangup
from mlfw_service.versions.router import Router
from mlfw_service.versions.shadow import Shadow, Told
from mlfw_service.versions.shadowed import ShadowedModel
from mlfw_service.versions.version import Slot, Version, load_version

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel
    from mlfw_service.options import ServiceOptions
    from mlfw_service.versions.served import ServedModels


class Versions:
    """The models of a process.

    Args:
        served: The models, and which of them answers what.
        options: How they are run.
        load: Loads a saved model.
        make_routes: Returns what answers requests with a model, by path, given its name too.
        counts: Where shadows and new versions are counted.
        serves: Called with each version that answers from then on.
        shadowed: Called with what shadows predict, in their threads.
    """

    def __init__(
        self,
        served: ServedModels,
        options: ServiceOptions,
        load: Callable[[Path], SavedModel],
        make_routes: Callable[[SavedModel, str], Mapping[str, App]],
        counts: VersionCounts,
        serves: Callable[[Version], None] = lambda _: None,
        shadowed: Told | None = None,
    ) -> None:
        self._served, self._options = served, options
        self._load, self._make_routes, self._counts = load, make_routes, counts
        self._serves, self._shadowed = serves, shadowed
        self._shadows: list[Shadow] = []
        self._reloader: Reloader | None = None

    def load(self, rest: App) -> Router:
        """Load the models and return what answers with them.

        Args:
            rest: The application for the paths that no model has.

        Raises:
            UserError: A model cannot be loaded.
        """
        served, options = self._served, self._options
        folders = served.folders
        slots = {name: Slot(self._version(name, folder)) for name, folder in folders.items()}
        self._shadows = [
            Shadow(
                slots[name],
                options.max_body,
                options.shadow_tolerance,
                self._counts,
                self._shadowed,
            )
            for name in served.shadows
        ]
        for slot in slots.values():
            self._serves(slot.version)
        if options.reload:
            self._reloader = Reloader(
                served.finders(), slots, self._version, options.reload, self._counts, self._serves
            )
        return Router(slots, served, options, rest, self._shadows)

    def _version(self, name: str, folder: Path) -> Version:
        return load_version(name, folder, self._load, self._routes)

    def _routes(self, model: SavedModel, name: str) -> Mapping[str, App]:
        shadowed = self._served.shadows and name not in self._served.shadows
        return self._make_routes(ShadowedModel.of(model) if shadowed else model, name)

    def beside(self, rest: App) -> App:
        """Return an application that looks for new versions on SIGHUP, and ends with the server.

        Args:
            rest: What it is otherwise.
        """

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "lifespan":
                await rest(scope, receive, send)
                return
            try:
                with on_hangup(self._wake if self._options.reload else None):
                    await rest(scope, receive, send)
            finally:
                self.close()

        return app

    def _wake(self) -> None:
        if self._reloader is not None:
            self._reloader.wake()

    def close(self) -> None:
        """Let all threads end."""
        for shadow in self._shadows:
            shadow.close()
        if self._reloader is not None:
            self._reloader.close()
