"""Which model answers a request."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from urllib.parse import quote

from mlfw.errors import listing
from mlfw_service.asgi import Scope
from mlfw_service.reading.refusal import Refusal, shortened
from mlfw_service.versions.served import ServedModels

EXPLICIT = b"x-model"
MOST_NAMED = 20


class Choice:
    """Chooses the model that answers.

    A request that names a model is answered by that one. Otherwise chance decides, with the
    models' shares as probabilities. Requests with the same value of the sticky header are answered
    by the same model, in every process and after a restart too; where a model's share grows, those
    that it has answered stay with it.

    Args:
        served: The models and their shares.
        sticky: The name of the sticky header.
        seed: Makes chance repeatable, if given.
    """

    def __init__(self, served: ServedModels, sticky: str, seed: int | None = None) -> None:
        self.names = {quote(name).encode(): name for name in served.folders}
        self.first = served.first
        self._others = list(served.shares)
        self._bounds = list(accumulate(served.shares.values()))
        self._sticky = sticky.lower().encode("latin-1")
        self._chance = random.Random(seed)  # noqa: S311 - no secret

    def of(self, scope: Scope) -> str:
        """Return the name of the model that answers a request.

        Raises:
            Refusal: The request names a model that there is not.
        """
        key = None
        for name, value in scope["headers"]:
            if name == EXPLICIT:
                return self.named(value)
            if name == self._sticky:
                key = value
        if not self._others:
            return self.first
        point = self._chance.random() if key is None else _point(key)
        index = bisect_right(self._bounds, point)
        return self._others[index] if index < len(self._others) else self.first

    def named(self, value: bytes) -> str:
        """Return the name of a model as it stands in a header or a path.

        Raises:
            Refusal: There is no such model.
        """
        if value not in self.names:
            raise Refusal(404, no_model(value.decode("latin-1"), list(self.names.values())))
        return self.names[value]


def no_model(name: str, names: Sequence[str]) -> str:
    """Return that there is no model of a name, and which ones there are."""
    known = listing(names, MOST_NAMED)
    return f"there is no model named '{shortened(name)}'; expected one of: {known}"


def _point(key: bytes) -> float:
    """Return a number from 0 to less than 1 that depends on nothing but the key."""
    digest = blake2b(key, digest_size=6).digest()  # 48 bits are exact in a float
    return int.from_bytes(digest) / 2**48
