"""Turning what Hydra and OmegaConf raise into messages that name the key and the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from mlfw.config.document import Document
from mlfw.config.overrides import Given
from mlfw.errors import UserError
from mlfw.hints import override

TYPE_NAMES = {
    "Integer": "a whole number",
    "Float": "a number",
    "Boolean": "true or false",
    "String": "text",
}

LONGEST = 200  # characters of a value in a message

TEXT = "text, not a list or a mapping"
NULL = "a value, not null"
UNFIT = {
    "true or false": r"is not a valid bool",
    TEXT: r"Cannot convert '[^']*' to string",
    "a list such as [a,b], not a mapping": r"Cannot merge DictConfig with ListConfig|"
    r"Invalid value assigned: dict is not a ListConfig",
    NULL: r"is not Optional|Invalid type assigned: NoneType",
}


@contextmanager
def as_user_error(document: Document, given: list[Given]) -> Iterator[None]:
    """Raise every error of Hydra and OmegaConf in the block as a `UserError`."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        sentence = _sentence(error, document, given)
        raise UserError(sentence, _remedy(sentence, given)) from error


def _remedy(sentence: str, given: list[Given]) -> str:
    """Return how a name is written that has been taken for something else."""
    if sentence.endswith(f"expected {TEXT}."):
        return "A name with a colon and a blank in it is put in quotes: 'Unnamed: 0'"
    if not sentence.endswith(f"expected {NULL}."):
        return ""
    field = sentence.removeprefix("command line: ").partition(":")[0].partition("[")[0]
    typed = field in {item.key for item in given if not item.is_group}
    shown = override(field, "null") if typed else "'null'"
    return f"Where the name null is meant, put it in quotes: {shown}"


def _sentence(error: BaseException, document: Document, given: list[Given]) -> str:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    details = " ".join(str(item) for item in chain)
    key = _search(r"full_key: ([^\n]+)", details)
    field = key.partition("[")[0]
    where = "command line" if any(item.key == field for item in given) else document.path
    place = f"{where}: {key}" if key and where else key or str(where or "configuration")
    value = _search(r"Value '(.*?)'", details) or _search(r"Invalid value '(.*?)'", details)
    wanted = _search(r"could not be converted to (\w+)", details)
    if wanted:
        return f"{place}: expected {TYPE_NAMES.get(wanted, wanted)}, found '{value}'."
    allowed = _search(r"expected one of \[(.*?)\]", details)
    if allowed:
        return f"{place}: expected one of {allowed}, found '{value}'."
    variable = _search(r"Environment variable '(\w+)' not found", details)
    if variable:
        return f"{place}: the environment variable {variable} is not set."
    found = f", found '{value}'" if value else ""
    for wanted, pattern in UNFIT.items():
        if re.search(pattern, details):
            return f"{place}: expected {wanted}{found}."
    first = str(chain[-1]).splitlines()[0] if str(chain[-1]) else str(error).splitlines()[0]
    return f"{place}: {first}"


def _search(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.DOTALL)
    found = match[1] if match else ""
    return found if len(found) <= LONGEST else f"{found[:LONGEST]}..."
