"""Building objects of existing classes, with every mistake told as the user's own."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from typing import Any, TypeVar

from mlfw import Imports, UserError
from mlfw.errors import did_you_mean, listing
from mlfw_lightning.existing.one_lightning import unite

logger = logging.getLogger("mlfw")
Base = TypeVar("Base")
OTHER_NAME = "lightning.pytorch"


def load_class(
    key: str, target: str, options: Mapping[str, Any], base: type[Base], imports: Imports
) -> type[Base]:
    """Import a class and check that its constructor takes the options.

    Args:
        key: The component's key: `model` or `dataset`.
        target: `package.module:Class`.
        options: What its constructor is to be called with.
        base: What it must be a subclass of.
        imports: What may be imported.

    Raises:
        UserError: It is not there, is no such class, or takes other options.
    """
    unite()
    try:
        cls = imports.load_class(f"{key}.module", target, base)
    except UserError as error:
        if OTHER_NAME in error.problem:
            raise UserError(error.problem, _OTHER_REMEDY) from None
        raise
    _check_options(key, cls, options)
    return cls


def build(key: str, target: str, cls: type[Base], options: Mapping[str, Any]) -> Base:
    """Call a constructor.

    Raises:
        UserError: It raises; its traceback is in the run's log.
    """
    try:
        return cls(**options)
    except Exception as error:
        logger.warning("the constructor of %s failed", target, exc_info=True)
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(
            f"{key}.module={target}: the constructor of {cls.__name__} raised {reason}",
            f"Check {key}.options; the traceback is in the run's log.",
        ) from None


def _check_options(key: str, cls: type[Any], options: Mapping[str, Any]) -> None:
    parameters = inspect.signature(cls).parameters.values()
    kinds = inspect.Parameter
    takes_any = any(parameter.kind is kinds.VAR_KEYWORD for parameter in parameters)
    named = {
        parameter.name: parameter
        for parameter in parameters
        if parameter.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)
    }
    for name in options:
        if name not in named and not takes_any:
            raise UserError(
                f"{key}.options.{name}: the constructor of {cls.__name__} takes no '{name}'.",
                did_you_mean(name, named) or "It takes no options.",
            )
    missing = [n for n, p in named.items() if p.default is kinds.empty and n not in options]
    if missing:
        raise UserError(
            f"{key}.options: the constructor of {cls.__name__} needs {listing(missing)}.",
            f"Set {key}.options.{missing[0]}=VALUE.",
        )


_OTHER_REMEDY = (
    "The package `lightning` was imported before mlfw could let it stand for pytorch_lightning; "
    "import pytorch_lightning in its place, or call mlfw before importing lightning."
)
