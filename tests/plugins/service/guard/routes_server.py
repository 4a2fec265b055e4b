"""A guarded server of routes without a model: `python routes_server.py OPTIONS --port N`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from mlfw import Serving, UserError
from mlfw_service import ServiceOptions, ServiceState, run_server, run_workers
from mlfw_service.app import not_found
from mlfw_service.asgi import App, Receive, Scope, Send, as_json, respond
from mlfw_service.guard.access import Access
from mlfw_service.guard.guard import Guard, limits_of

GIVEN = "ROUTES_SERVER_OPTIONS"
USUAL: dict[str, Any] = {
    "name": "routes",
    "workers": 1,
    "timeout": 20.0,
    "max_concurrency": 2,
    "max_body": 100_000,
    "max_rows": 10,
}


async def predict(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer how many bytes came, and which headers."""
    body = (await receive())["body"]
    names = sorted(name.decode() for name, _ in scope["headers"])
    await respond(send, as_json({"bytes": len(body), "headers": names}))


async def sleep(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer after the seconds that are posted."""
    await asyncio.sleep(float((await receive())["body"]))
    await respond(send, b'{"slept":true}')


async def hold(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer nothing until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with as many bytes as are asked for."""
    await respond(send, b"x" * int(scope["query_string"]), kind=b"text/plain")


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request by its path."""
    await ROUTES.get(scope["path"], not_found)(scope, receive, send)


ROUTES = {"/predict": predict, "/sleep": sleep, "/hold": hold, "/large": large}


def make_app(state: ServiceState | None = None) -> App:
    """Return the application with the options in the environment."""
    given = json.loads(os.environ[GIVEN])
    loading, linger, fails = (given.pop(key, 0) for key in ("loading", "linger", "fails"))
    options = options_of(given)
    limits = replace(limits_of(options), linger=linger or 5.0)

    def load() -> App:
        while loading and not Path(loading).exists():
            time.sleep(0.02)
        if fails:
            raise UserError("model: damaged.", "Copy it again.")
        return answer

    access = Access.from_environment(options.hosts)
    return Guard(load, not_found, options, access, state, limits)


def options_of(given: dict[str, Any]) -> ServiceOptions:
    """Return the options of the service."""
    names = {field.name for field in fields(ServiceOptions)}
    return ServiceOptions(**{**USUAL, **{key: given[key] for key in names & given.keys()}})


def main(text: str, port: int) -> int:
    """Serve until told to stop."""
    os.environ[GIVEN] = text
    options = options_of(json.loads(text))
    address = Serving(models={}, port=port).listen()
    if options.workers > 1:
        return run_workers("routes_server:make_app", address, options)
    try:
        return run_server(make_app, address, options)
    except UserError as error:
        print(f"mlfw: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[3])))
