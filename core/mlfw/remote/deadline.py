"""Waiting for an answer, but not for ever."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

Answer = TypeVar("Answer")

SECONDS = 60.0


def within_seconds(ask: Callable[[], Answer], seconds: float | None = None) -> Answer:
    """Return what a function returns, or raise what it raises, within a time.

    For libraries whose own limits are longer, or unknown. A call that takes longer is left behind
    in a thread that does not keep the process from ending.

    Args:
        ask: The function.
        seconds: The time; `SECONDS` when left out.

    Raises:
        TimeoutError: It takes longer.
    """
    answers: list[Answer] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(ask())
        except BaseException as error:
            errors.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    limit = SECONDS if seconds is None else seconds
    thread.join(limit)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"no answer within {limit:g} seconds")
    return answers[0]
