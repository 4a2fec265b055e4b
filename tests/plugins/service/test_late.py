"""An application that is made when it is first asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from mlfw_service import LateApp
from mlfw_service.asgi import Message, Receive, Scope, Send, respond

REQUEST = {"type": "http", "path": "/x"}


class Inner:
    """Counts how often it was made, and what it was told."""

    def __init__(self) -> None:
        self.made = 0
        self.told: list[str] = []
        self.failures = 0

    def make(self) -> Inner:
        self.made += 1
        if self.failures >= self.made:
            raise LookupError("not today")
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.told.append(scope["path"])
            await respond(send, b"{}")
            return
        for part in ("startup", "shutdown"):
            self.told.append((await receive())["type"])
            await send({"type": f"lifespan.{part}.complete"})


async def answers(app: LateApp) -> int:
    sent: list[Message] = []

    async def receive() -> Message:
        raise NotImplementedError

    async def send(message: Message) -> None:
        sent.append(message)

    await app(dict(REQUEST), receive, send)
    return int(sent[0]["status"])


def during(app: LateApp, requests: Callable[[], Coroutine[Any, Any, None]]) -> list[str]:
    """Start an application, make requests, end it, and return what it said of start and end."""

    async def live() -> list[str]:
        asked: asyncio.Queue[Message] = asyncio.Queue()
        said: asyncio.Queue[Message] = asyncio.Queue()
        life = asyncio.create_task(app({"type": "lifespan"}, asked.get, said.put))
        await asked.put({"type": "lifespan.startup"})
        first = (await said.get())["type"]
        await requests()
        await asked.put({"type": "lifespan.shutdown"})
        await asyncio.wait_for(life, 30)
        return [first, (await said.get())["type"]]

    return asyncio.run(live())


ENDS = ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_what_nobody_asks_for_is_never_made() -> None:
    inner = Inner()

    async def nothing() -> None:
        pass

    assert during(LateApp(inner.make), nothing) == ENDS
    assert inner.made == 0


def test_requests_at_the_same_time_share_one_application_that_starts_and_ends() -> None:
    inner = Inner()
    app = LateApp(inner.make)

    async def two_and_one() -> None:
        assert await asyncio.gather(answers(app), answers(app)) == [200, 200]
        assert await answers(app) == 200

    assert during(app, two_and_one) == ENDS
    assert inner.made == 1
    assert inner.told == ["lifespan.startup", "/x", "/x", "/x", "lifespan.shutdown"]


def test_a_request_that_is_given_up_takes_it_from_no_other() -> None:
    inner = Inner()
    app = LateApp(inner.make)

    async def one_given_up() -> None:
        first, second = (asyncio.create_task(answers(app)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == 200

    during(app, one_given_up)
    assert (inner.made, inner.told.count("/x")) == (1, 1)


def test_what_cannot_be_made_is_tried_again() -> None:
    inner = Inner()
    inner.failures = 1
    app = LateApp(inner.make)

    async def twice() -> None:
        with pytest.raises(LookupError, match="not today"):
            await answers(app)
        assert await answers(app) == 200

    assert during(app, twice) == ENDS
    assert inner.made == 2


def test_an_application_without_a_start_is_asked_all_the_same() -> None:
    async def plain(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await respond(send, b"{}", 201)

    app = LateApp(lambda: plain)

    async def once() -> None:
        assert await answers(app) == 201

    assert during(app, once) == ENDS


def test_an_application_that_cannot_start_answers_nothing() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no disk"})

    app = LateApp(lambda: broken)

    async def once() -> None:
        with pytest.raises(RuntimeError, match="no disk"):
            await answers(app)

    assert during(app, once) == ENDS
