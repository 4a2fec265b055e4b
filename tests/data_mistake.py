"""Making a mistake with a data set directly, without the second that a whole command takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import yaml

from mlfw import Dataset, LoadContext, UserError


def message_of(component: type[Dataset], settings: Iterable[str], **others: Any) -> str:
    """Return what a user is told who loads a data set with such settings.

    Args:
        component: The data set component.
        settings: As on the command line: `dataset.path=x`.
        others: Further fields.
    """
    pairs = (text.removeprefix("dataset.").partition("=") for text in settings)
    fields = {**others, **{key: yaml.safe_load(value) for key, _, value in pairs}}
    with pytest.raises(UserError) as caught:
        _load(component(**fields))
    return str(caught.value)


def _load(data: Dataset) -> None:
    data.check()
    data.fingerprint()
    data.load(LoadContext())
