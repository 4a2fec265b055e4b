"""What stands before the routes: who may call, whole bodies, slots, time-outs, an orderly end."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from mlfw_service.asgi import App, Message, Receive, Scope, Send, as_json, respond
from mlfw_service.guard.access import Access
from mlfw_service.guard.answers import CLOSE, RETRY, Answer
from mlfw_service.guard.bodies import Bodies, BodyRefused, Replay
from mlfw_service.guard.connections import Connections, most_connections
from mlfw_service.guard.deadlines import Deadline, Deadlines
from mlfw_service.guard.lifespan import Lifespan
from mlfw_service.guard.state import ServiceState

if TYPE_CHECKING:
    from mlfw_service.options import ServiceOptions

ALIVE = Answer(200, as_json({"status": "alive"}))
READY = Answer(200, as_json({"status": "ready"}))
HEALTH = {"/livez": False, "/healthz": False, "/readyz": True}
STOPPING = Answer.error(503, "the service is being stopped", [RETRY, CLOSE])
LOADING = Answer.error(503, "the model is still being loaded", [RETRY])
BUSY = Answer.error(429, "too many requests are under way", [RETRY])


class Guard:
    """An application that answers with its routes what may be answered.

    In this order: health routes answer always; the Host header and the token are checked; the
    body is read to its end; only then a request takes one of the slots and comes to the routes.
    So what arrives slowly keeps nobody from being answered.

    Args:
        load: Loads the models and returns the routes. It is called in a thread of its own once
            the process listens.
        rest: An application that takes part in the start and the end, as ASGI's lifespan has it.
        options: The limits.
        access: Who may call.
        state: The state of the process, for whoever runs it.
        connections: The limits of connections, where they are not those of the options.
    """

    def __init__(
        self,
        load: Callable[[], App],
        rest: App,
        options: ServiceOptions,
        access: Access,
        state: ServiceState | None = None,
        connections: Connections | None = None,
    ) -> None:
        self.state = state or service_state(options)
        self.access = access
        self.deadlines = Deadlines()
        self.bodies = Bodies(options.max_body, options.body_timeout, self.deadlines)
        self.timeout = options.timeout
        self.late = Answer.error(504, f"took over {options.timeout:g} seconds")
        self.lifespan = Lifespan(load, rest, self.state, connections or limits_of(options))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
        elif scope["type"] != "http":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        elif scope["path"] in HEALTH:
            await self._tell(send, ready=HEALTH[scope["path"]])
        elif self.state.stopping:
            await STOPPING.send(send)
        elif refusal := self.access.refusal(scope):
            await refusal.send(send)
        else:
            self.state.under_way += 1
            try:
                await self._read(scope, receive, send)
            finally:
                self.state.under_way -= 1

    async def _tell(self, send: Send, *, ready: bool) -> None:
        """Answer a health route."""
        unready = self.state.unready if ready else ""
        if unready:
            await respond(send, as_json({"status": unready}), 503, headers=[RETRY])
        else:
            await (READY if ready else ALIVE).send(send)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.bodies.read(scope, receive)
        except BodyRefused as refused:
            if refused.answer is not None:
                await refused.answer.send(send)
            return
        try:
            await self._answer(scope, Replay(body, receive), send)
        finally:
            self.bodies.release(len(body))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        state, routes = self.state, self.lifespan.routes
        if routes is None:
            await LOADING.send(send)
            return
        if state.predicting >= state.most:
            await BUSY.send(send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        state.predicting += 1
        deadline = Deadline(self.deadlines, self.timeout)
        try:
            with deadline:
                await routes(scope, receive, sending)
        except TimeoutError:
            if begun or not deadline.expired:
                raise
            await self.late.send(send)
        finally:
            state.predicting -= 1


def limits_of(options: ServiceOptions) -> Connections:
    """Return the limits of connections that the options set."""
    return Connections(
        header_timeout=options.header_timeout,
        keep_alive=options.keep_alive,
        most=min(options.max_connections, most_connections()),
    )


def service_state(options: ServiceOptions) -> ServiceState:
    """Return the state of a process that has not begun to serve."""
    return ServiceState(
        most=math.ceil(options.max_concurrency / options.workers), timeout=options.timeout
    )
