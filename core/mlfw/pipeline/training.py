"""What is kept of the final fit: its curves, what it was expected to cost, and what it cost."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlfw.components import Estimate
from mlfw.files import finite, write_json, write_text
from mlfw.memory import peak_memory
from mlfw.runs import RunDirectory

CURVE = "curve.jsonl"


class Training:
    """Keeps the record of a run's final fit, also over several attempts.

    During the fit every epoch is a line of a file beside the checkpoints, so that a run that was
    killed goes on with the curve that it had; at the end all is written as `training.json`.

    Attributes:
        estimate: What the fit was expected to cost when it was first begun; None if not known.
        continued: Whether an earlier attempt has begun it.
    """

    def __init__(self, run: RunDirectory, fingerprint: str) -> None:
        """Take up the record of a fit.

        Args:
            run: Whose fit it is.
            fingerprint: What the fit follows from; the record of another one is dropped.
        """
        self._run = run
        self._file = run.checkpoints / CURVE
        self._fingerprint = fingerprint
        lines = _read(self._file)
        self.continued = bool(lines) and lines[0].get("fingerprint") == fingerprint
        self.estimate: Estimate | None = None
        self._epochs: list[dict[str, Any]] = []
        self._notes: list[str] = []
        if self.continued:
            self._restore(lines)
        self._earlier = sum(epoch["seconds"] for epoch in self._epochs)
        self._start = self._last = time.perf_counter()

    def begin(self) -> None:
        """Take note that the fit begins, or goes on from a checkpoint."""
        known = asdict(self.estimate) if self.estimate else None
        first = {"fingerprint": self._fingerprint, "estimate": known}
        notes = [{"note": note} for note in self._notes]
        lines = [_line(line) for line in [first, *self._epochs, *notes]]
        write_text(self._file, "".join(lines))
        self._start = self._last = time.perf_counter()

    def restart(self) -> None:
        """Count the seconds of this attempt from now on, as its fit begins only now."""
        self._start = self._last = time.perf_counter()

    def epoch(self, number: int, values: Mapping[str, float]) -> None:
        """Take note that an epoch has ended."""
        now = time.perf_counter()
        epoch = {"epoch": number, "seconds": now - self._last, "values": dict(values)}
        self._last = now
        self._add(epoch)
        self._append(epoch)

    def note(self, text: str) -> None:
        """Take note of a sentence that the user should read."""
        if text not in self._notes:
            self._notes.append(text)
            self._append({"note": text})

    def save(self, *, finished: bool, peak: int | None = None) -> None:
        """Write `training.json`.

        Args:
            finished: Whether the fit has ended well, so that what it cost can be compared.
            peak: The peak memory of the process that has fitted, in bytes; by default, this one.
        """
        content: dict[str, Any] = {
            "fingerprint": self._fingerprint,
            "finished": finished,
            "estimate": asdict(self.estimate) if self.estimate else None,
            "epochs": self._epochs,
            "notes": self._notes,
            "seconds": self._earlier + time.perf_counter() - self._start,
            "peak_memory": peak_memory() if peak is None else peak,
        }
        if finished and self.estimate:
            expected = self.estimate.of_epochs(len(self._epochs) or self.estimate.epochs)
            content["estimated_seconds"] = expected
            content["error"] = expected / max(content["seconds"], 1e-9) - 1
        write_json(self._run.training_file, content)

    def _restore(self, lines: list[dict[str, Any]]) -> None:
        known = lines[0]["estimate"]
        self.estimate = Estimate(**known) if known else None
        for line in lines[1:]:
            if "note" in line:
                self._notes.append(line["note"])
            else:
                self._add(line)

    def _add(self, epoch: dict[str, Any]) -> None:
        """Put an epoch into the curve, in place of those that are trained again."""
        while self._epochs and self._epochs[-1]["epoch"] >= epoch["epoch"]:
            del self._epochs[-1]
        self._epochs.append(epoch)

    def _append(self, content: Mapping[str, Any]) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(_line(content))


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(finite(dict(content)), ensure_ascii=False) + "\n"


def _read(file: Path) -> list[dict[str, Any]]:
    """Return the file's lines up to one that was torn when the process was killed."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    lines: list[dict[str, Any]] = []
    for line in text.splitlines(keepends=True):
        try:
            content = json.loads(line) if line.endswith("\n") else None
        except ValueError:
            content = None
        if not isinstance(content, dict):
            break
        lines.append(content)
    return lines
