"""One run directory: where everything lies that a run has made."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlfw.errors import UserError
from mlfw.files import digest, write_text
from mlfw.runs.lock import is_locked
from mlfw.runs.record import INTERRUPTED, RUNNING, RunRecord

# Sections of a configuration that do not change what a run computes.
ELSEWHERE = ("run", "executor")


@dataclass(frozen=True)
class RunDirectory:
    """The layout of a run directory."""

    path: Path

    @property
    def record_file(self) -> Path:
        """What `mlfw runs` shows."""
        return self.path / "run.json"

    @property
    def config_file(self) -> Path:
        """The frozen configuration."""
        return self.path / "config.yaml"

    @property
    def log_file(self) -> Path:
        """Notes, warnings and tracebacks."""
        return self.path / "log.txt"

    @property
    def data(self) -> Path:
        """The splits and the schema."""
        return self.path / "data"

    @property
    def data_report(self) -> Path:
        """How many rows, which columns, and what the checks have found."""
        return self.path / "data.json"

    @property
    def tuning_file(self) -> Path:
        """The best parameters that tuning found."""
        return self.path / "tuning.json"

    @property
    def trials(self) -> Path:
        """One file a tuning trial."""
        return self.path / "trials"

    @property
    def search_file(self) -> Path:
        """How many trials the search chooses at a time."""
        return self.path / "search.json"

    @property
    def folds(self) -> Path:
        """One file a fold of the cross-validation."""
        return self.path / "folds"

    @property
    def checkpoints(self) -> Path:
        """What the fit needs to continue after an interruption."""
        return self.path / "checkpoints"

    @property
    def training_file(self) -> Path:
        """The final fit: its curves, what it was expected to cost, and what it cost."""
        return self.path / "training.json"

    @property
    def model(self) -> Path:
        """The saved model."""
        return self.path / "model"

    @property
    def metrics_file(self) -> Path:
        """`{split: {metric: value}}`, and means and deviations over folds."""
        return self.path / "metrics.json"

    @property
    def report_file(self) -> Path:
        """The report for people."""
        return self.path / "report.md"

    @property
    def deployments(self) -> Path:
        """One folder a deployer."""
        return self.path / "deploy"

    def create(self, name: str, frozen: Mapping[str, Any]) -> None:
        """Write the files that every run begins with; the record comes last.

        Where that fails, as on a full disk, nothing is left of the directory.
        """
        import yaml

        self.path.mkdir(parents=True, exist_ok=True)
        record = RunRecord(
            name=name,
            created=time.time(),
            config=config_digest(frozen),
            dataset=frozen["dataset"]["use"],
            model=frozen["model"]["use"],
        )
        try:
            write_text(self.config_file, yaml.safe_dump(dict(frozen), sort_keys=False))
            self.save(record)
        except OSError:
            with suppress(OSError):
                self.config_file.unlink(missing_ok=True)
                self.path.rmdir()
            raise

    def save(self, record: RunRecord) -> None:
        """Write the record."""
        record.save(self.record_file)

    def update(self, **changes: Any) -> None:
        """Change some of the record's fields."""
        self.save(replace(self.record(), **changes))

    def record(self) -> RunRecord:
        """Read the record.

        Raises:
            UserError: The folder holds no run, or its record cannot be read.
        """
        try:
            return RunRecord.load(self.record_file)
        except FileNotFoundError:
            raise UserError(
                f"{self.path}: not a run directory (no run.json).", "List the runs: mlfw runs"
            ) from None

    def state(self) -> str:
        """Return the run's state, telling a run that goes on from one that was killed."""
        state = self.record().state
        if state == RUNNING and not is_locked(self.path):
            return INTERRUPTED
        return state

    def frozen(self) -> dict[str, Any]:
        """Read the frozen configuration."""
        import yaml

        # libyaml is ten times as fast, and a new run reads the configurations of earlier ones.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        loaded = yaml.load(self.config_file.read_text(encoding="utf-8"), loader)  # noqa: S506
        assert isinstance(loaded, dict)
        return loaded


def config_digest(frozen: Mapping[str, Any]) -> str:
    """Return a fingerprint of a configuration, apart from where the run is kept and computed."""
    return digest({key: value for key, value in frozen.items() if key not in ELSEWHERE})
