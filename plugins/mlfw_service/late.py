"""An application that is made when it is first asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mlfw_service.asgi import App, Message, Receive, Scope, Send


class LateApp:
    """An application that is imported, made and started at the first request for it.

    For what few callers ask for and takes long to import. The first request waits for it, all
    others go on. Where making it fails, the error is raised, and the next request tries again.

    Args:
        make: Returns the application. It is called in a thread of its own.
    """

    def __init__(self, make: Callable[[], App]) -> None:
        self._make = make
        self._made: asyncio.Task[StartedApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or take part in ASGI's lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            started = await self._started()
            await started.app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start at once, and end what has been started by then."""
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        made = self._made
        if made is not None and made.done() and not made.cancelled() and not made.exception():
            await made.result().end()
        await send({"type": "lifespan.shutdown.complete"})

    async def _started(self) -> StartedApp:
        made = self._made
        if made is None or (made.done() and (made.cancelled() or made.exception())):
            made = self._made = asyncio.create_task(self._start())
        return await asyncio.shield(made)  # a request that is given up ends it for no other

    async def _start(self) -> StartedApp:
        started = StartedApp(await asyncio.to_thread(self._make))
        await started.start()
        return started


class StartedApp:
    """An application whose lifespan is run by another one.

    Args:
        app: The application.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self._asked: asyncio.Queue[Message] = asyncio.Queue()
        self._answered: asyncio.Queue[Message] = asyncio.Queue()
        self._life: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Let the application start.

        Raises:
            RuntimeError: It says that it cannot.
        """
        self._life = asyncio.create_task(self._run())
        await self._ask("lifespan.startup")

    async def end(self) -> None:
        """Let the application end."""
        if self._life is not None and not self._life.done():
            await self._ask("lifespan.shutdown")
            await self._life

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        try:
            await self.app(scope, self._asked.get, self._answered.put)
        except Exception as error:
            await self._answered.put({"type": "", "message": str(error)})
        else:
            await self._answered.put({"type": "", "message": ""})

    async def _ask(self, kind: str) -> None:
        await self._asked.put({"type": kind})
        answer = await self._answered.get()
        if answer["type"].endswith(".failed"):
            raise RuntimeError(f"{kind}: {answer.get('message', '')}")
