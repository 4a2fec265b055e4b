"""Handing each request to one of the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlfw_service.asgi import App, Message, Receive, Scope, Send, as_json, header, respond
from mlfw_service.reading.refusal import Refusal
from mlfw_service.versions.choice import Choice, no_model
from mlfw_service.versions.document import with_models
from mlfw_service.versions.served import ServedModels
from mlfw_service.versions.shadow import Asked, Shadow
from mlfw_service.versions.shadowed import COLLECTED, Predicted
from mlfw_service.versions.version import Slot, Version
from mlfw_service.watch.current import CURRENT

if TYPE_CHECKING:
    from mlfw_service.options import ServiceOptions

MODELS, PREDICT = "/models/", "/predict"
LISTS = frozenset({"/schema", "/model"})  # say something about every model
DOCUMENTS = frozenset({"/docs.json", "/openapi.json"})
NAME, VERSION = "mlfw.model", "mlfw.version"  # keys of the scope


class Router:
    """Hands each request to one of the models.

    What is posted is answered by the model that a request names or that chance chooses; pages are
    those of the first model. `/models/NAME/...` are the routes of one model. The response says
    which model and version answered, in `X-Model` and `X-Model-Version`; so does the scope, for
    what stands before.

    Args:
        slots: The models, by name.
        served: Their shares and shadows.
        options: How the service is run.
        rest: The application for all other paths.
        shadows: Predict, too, what chance or a request has chosen another model for.
    """

    def __init__(
        self,
        slots: Mapping[str, Slot],
        served: ServedModels,
        options: ServiceOptions,
        rest: App,
        shadows: Sequence[Shadow] = (),
    ) -> None:
        self.slots = slots
        self.served = served
        self.choice = Choice(served, options.sticky_header, options.share_seed)
        self.rest = rest
        self._shadows = shadows
        self._alike = {served.first, *served.shares}  # take the same rows as the shadows
        self._max_body = options.max_body
        self._sticky = options.sticky_header
        self._first = slots[served.first]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] != "http":
            await self.rest(scope, receive, send)
            return
        path = scope["path"]
        if path in LISTS and scope["method"] in ("GET", "HEAD"):
            await self._list(path, send)
        elif path in DOCUMENTS and len(self.slots) > 1 and scope["method"] in ("GET", "HEAD"):
            await self._document(path, send)
        elif path in self._first.version.routes:
            await self._choose(scope, receive, send)
        elif path.startswith(MODELS):
            await self._of_model(scope, receive, send)
        else:
            await self.rest(scope, receive, send)

    async def _choose(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the model that the request names or chance chooses."""
        try:
            name = self.choice.of(scope) if scope["method"] == "POST" else self.served.first
        except Refusal as refusal:
            await respond(send, refusal.content(), refusal.status)
            return
        version = self.slots[name].version
        if self._shadows and scope["path"].startswith(PREDICT) and name in self._alike:
            await self._answer_and_shadow(version, scope, receive, send)
        else:
            await answer(version, scope["path"], scope, receive, send)

    async def _answer_and_shadow(
        self, version: Version, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer, and then offer the shadows what has been predicted."""
        collected: list[Predicted] = []
        token = COLLECTED.set(collected)
        try:
            await answer(version, scope["path"], scope, receive, send)
        finally:
            COLLECTED.reset(token)
        if collected:
            asked = Asked(collected, version.name, _number(), _size(scope, self._max_body))
            for shadow in self._shadows:
                shadow.offer(asked)

    async def _of_model(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the model in the path."""
        name, slash, rest = scope["path"].removeprefix(MODELS).partition("/")
        if name not in self.slots:
            error = {"error": no_model(name, list(self.slots)), "details": []}
            await respond(send, as_json(error), 404)
            return
        version = self.slots[name].version
        path = slash + rest
        if path in LISTS and scope["method"] in ("GET", "HEAD"):
            await respond(send, as_json(await self._described(path, name)))
        elif path in version.routes:
            await answer(version, path, scope, receive, send)
        else:
            await self.rest(scope, receive, send)

    async def _list(self, path: str, send: Send) -> None:
        found = await self._described(path, self.served.first)
        if len(self.slots) > 1:
            found["models"] = {name: await self._described(path, name) for name in self.slots}
        await respond(send, as_json(found))

    async def _document(self, path: str, send: Send) -> None:
        document = await self._first.version.describe(path)
        await respond(send, as_json(with_models(document, list(self.slots), self._sticky)))

    async def _described(self, path: str, name: str) -> dict[str, Any]:
        """Return what a model's route says, with its version and its part in this service."""
        slot = self.slots[name]
        version = slot.version
        found = {**await version.describe(path), "version": version.id}
        if path == "/model":
            share = self.served.all_shares.get(name, 0.0)
            found |= {"served_as": name, "loaded": version.loaded, "share": share}
            found |= {"shadow": name in self.served.shadows, "problem": slot.problem or None}
        return found


async def answer(version: Version, path: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request by one version, and say so."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *version.headers]
        await send(message)

    scope[NAME], scope[VERSION] = version.name, version.id
    inner = scope if path == scope["path"] else {**scope, "path": path}
    await version.routes[path](inner, receive, sending)


def _number() -> str:
    """Return the id under which the request is logged."""
    request = CURRENT.get()
    return "" if request is None else request.number


def _size(scope: Scope, most: int) -> int:
    """Return the bytes of a request's body; the most where they were not announced."""
    announced = header(scope, b"content-length") or b""
    return int(announced) if announced.isdigit() else most
