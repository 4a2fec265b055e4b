"""The tracker that shows runs in Weights & Biases."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import mlfw
from mlfw.files import write_text
from mlfw_wandb.library import PRIVATE, load_wandb, stop_wandb, stopping_on_error
from mlfw_wandb.mode import Mode, automatic_mode, has_key

if TYPE_CHECKING:
    import wandb

logger = logging.getLogger("mlfw")


@dataclass(kw_only=True)
class Wandb(mlfw.Tracker):
    """Weights & Biases: a run's values while it goes on, in a browser.

    Without a key, or without a connection, everything is kept in the run directory and can be
    sent later with `wandb sync`.

    Attributes:
        project: The project that the run appears in.
        entity: The user or team that the project belongs to; your own where left out.
        mode: Send while running (online), keep in the run directory (offline), do nothing
            (disabled), or online where there is a key and else offline (auto).
        group: A name that runs which belong together share.
        tags: Words to find the run by.
        timeout: Seconds to wait for the server, at the start and again at the end.
    """

    packages: ClassVar[tuple[str, ...]] = ("wandb",)
    extra: ClassVar[str] = "wandb"

    project: str = "mlfw"
    entity: str | None = None
    mode: Mode = Mode.auto
    group: str | None = None
    tags: list[str] = field(default_factory=list)
    timeout: float = field(default=30.0, metadata=mlfw.limits(above=0))

    def __post_init__(self) -> None:
        self._run: wandb.Run | None = None
        self._per_epoch: set[str] = set()

    def start(self, run: mlfw.RunInfo) -> None:
        """Begin to track, offline where the server does not answer in time."""
        self._per_epoch.clear()
        if self.mode == Mode.disabled:
            return
        settings = load_wandb(run.folder)
        mode = automatic_mode(settings) if self.mode == Mode.auto else self.mode
        if mode == Mode.online:
            self._run = self._begin_online(run, settings)
        if mode != Mode.disabled and self._run is None:
            self._run = self._begin(run, online=False)

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Track numbers; those with a step are drawn over the epochs.

        wandb's own step is left to count by itself: it drops what comes with a smaller one, and
        epochs begin anew after the tuning.
        """
        if self._run is None:
            return
        with stopping_on_error():
            if step is None:
                self._run.log(dict(values))
                return
            for name in values.keys() - self._per_epoch:
                self._run.define_metric(name, step_metric="epoch")
            self._per_epoch |= values.keys()
            self._run.log({**values, "epoch": step})

    def finish(self, *, failed: bool) -> None:
        """End tracking.

        Raises:
            MlfwError: Not everything could be sent in time; it is kept in the run directory.
        """
        if self._run is None:
            return
        run, self._run = self._run, None
        kept = Path(run.dir).parent
        try:
            with stopping_on_error():
                run.finish(exit_code=int(failed))
        except TimeoutError:
            raise mlfw.MlfwError(
                f"not everything was sent within {self.timeout:g} s; type: wandb sync {kept}"
            ) from None

    def _begin_online(self, run: mlfw.RunInfo, settings: wandb.Settings) -> wandb.Run | None:
        """Return None where that cannot be; wandb would ask for a key that is not there."""
        try:
            if has_key(settings):
                return self._begin(run, online=True)
            reason = "no key is set"
        except Exception as error:
            reason = str(error)
            # The run that failed to begin would keep its id for itself.
            stop_wandb()
            load_wandb(run.folder)
        logger.warning("wandb: the run is tracked offline: %s", reason)
        return None

    def _begin(self, run: mlfw.RunInfo, *, online: bool) -> wandb.Run:
        import wandb

        return wandb.init(
            project=self.project,
            entity=self.entity,
            group=self.group,
            tags=self.tags,
            name=run.name,
            config=dict(run.config),
            dir=run.folder,
            id=_run_id(run.folder / "wandb" / "id.txt"),
            mode="online" if online else "offline",
            resume="allow" if online else None,
            reinit="create_new",
            settings=wandb.Settings(
                init_timeout=self.timeout,
                finish_timeout=self.timeout,
                finish_timeout_raises=True,
                **PRIVATE,
            ),
        )


def _run_id(path: Path) -> str:
    """Return the id under which wandb knows the run, the same whenever it is continued."""
    if not path.is_file():
        write_text(path, secrets.token_hex(8))
    return path.read_text(encoding="utf-8")
