"""The record of a run: what a list of runs shows of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from mlfw.errors import UserError
from mlfw.files import read_json, write_json

RUNNING, FINISHED, FAILED, INTERRUPTED = "running", "finished", "failed", "interrupted"
STATES = (RUNNING, FINISHED, FAILED, INTERRUPTED)
MOST_BYTES = 1 << 20
TEXTS = (
    "name",
    "config",
    "state",
    "dataset",
    "model",
    "metric",
    "split",
    "positive",
    "deployed",
    "error",
)
NUMBERS = ("value", "baseline")


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What a list of runs shows of a run.

    Attributes:
        name: The run's name.
        created: When it began, in seconds since 1970.
        config: A fingerprint of its configuration.
        state: running, finished, failed or interrupted; one that was killed still says running.
        dataset: The data set component's name.
        model: The model component's name.
        metric: The main metric's name.
        split: The split that the main metric was computed on; empty in records of older versions.
        positive: The class that the main metric is about, where it is about one.
        value: The main metric.
        baseline: The main metric of the baseline, on the same split.
        seconds: How long each stage took.
        deployed: What the deploy stage made.
        error: Why it failed.
    """

    name: str
    created: float
    config: str
    state: str = RUNNING
    dataset: str = ""
    model: str = ""
    metric: str = ""
    split: str = ""
    positive: str = ""
    value: float | None = None
    baseline: float | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    deployed: str = ""
    error: str = ""

    @classmethod
    def load(cls, path: Path) -> RunRecord:
        """Read a record; keys that this version does not know are passed over.

        Raises:
            FileNotFoundError: There is no such file.
            UserError: It cannot be read, or it is not the record of a run.
        """
        try:
            data = _read(path)
            _check(data)
        except FileNotFoundError:
            raise
        except (OSError, ValueError, RecursionError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise UserError(
                f"{path}: not the record of a run: {why or type(error).__name__}.",
                "Restore the file, or move the folder away.",
            ) from None
        known = {each.name for each in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})

    def save(self, path: Path) -> None:
        """Write the record as JSON."""
        write_json(path, asdict(self))


def _read(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(path) if not path.exists() else ValueError("not a file")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES:,} bytes")
    return read_json(path)


def _check(data: Any) -> None:
    """Check that JSON data are a record.

    Raises:
        ValueError: A key is missing, or a value is of the wrong type.
    """
    if not isinstance(data, dict):
        raise ValueError(f"expected a JSON object, found {type(data).__name__}")
    missing = [key for key in ("name", "created", "config") if key not in data]
    if missing:
        raise ValueError(f"the key '{missing[0]}' is missing")
    seconds = data.get("seconds", {})
    fits = {
        **{key: isinstance(data.get(key, ""), str) for key in TEXTS},
        **{key: data.get(key) is None or _is_number(data[key]) for key in NUMBERS},
        "created": _is_number(data["created"]),
        "state": data.get("state", RUNNING) in STATES,
        "seconds": isinstance(seconds, dict) and all(map(_is_number, seconds.values())),
    }
    wrong = [key for key, fit in fits.items() if not fit]
    if wrong:
        raise ValueError(f"the key '{wrong[0]}' holds {str(data[wrong[0]])[:40]!r}")


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)
