"""What is known of the request that is being answered, wherever its answer is made."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class CurrentRequest:
    """A request that is being answered.

    Attributes:
        predicts: Whether its rows count as predictions that were asked for. What a page that
            explains a prediction lets the model predict does not.
        number: Its id.
        model: The name of the model that answers it; empty until one does.
    """

    predicts: bool
    number: str = ""
    model: str = ""


CURRENT: ContextVar[CurrentRequest | None] = ContextVar("mlfw_request", default=None)
