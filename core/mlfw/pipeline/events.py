"""Telling plugins, the tracker and the monitor what goes on, without letting them break a run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pluggy

from mlfw.components import RunInfo, Tracker
from mlfw.pipeline.monitor import Monitor

logger = logging.getLogger("mlfw")


@dataclass
class Events:
    """The events of one run.

    Attributes:
        run: Which run it is.
        manager: The plugins to tell.
        tracker: The tracker to tell; None once it has failed.
        monitor: Who watches.
    """

    run: RunInfo
    manager: pluggy.PluginManager
    tracker: Tracker | None
    monitor: Monitor

    def started(self) -> None:
        """Tell that the run begins."""
        self._track(lambda tracker: tracker.start(self.run))
        self._tell("mlfw_run_started")

    def stage_finished(self, stage: str) -> None:
        """Tell that a stage has ended."""
        self._tell("mlfw_stage_finished", stage=stage)

    def epoch_finished(self, epoch: int, values: Mapping[str, float]) -> None:
        """Tell that the final model was trained for one more epoch."""
        self._track(lambda tracker: tracker.log(values, epoch))
        self._tell("mlfw_epoch_finished", epoch=epoch, values=values)

    def trial_finished(self, number: int, params: Mapping[str, Any], value: float | None) -> None:
        """Tell that a trial has ended."""
        if value is not None:
            self._track(lambda tracker: tracker.log({"trial/value": value, "trial/number": number}))
        self._tell("mlfw_trial_finished", number=number, params=params, value=value)

    def measured(self, metrics: Mapping[str, Mapping[str, Any]]) -> None:
        """Tell the tracker of the final metrics."""
        values = {
            f"{split}/{name}": value
            for split, named in metrics.items()
            for name, value in named.items()
            if isinstance(value, int | float)
        }
        self._track(lambda tracker: tracker.log(values))

    def finished(self, *, failed: bool) -> None:
        """Tell that the run has ended."""
        self._track(lambda tracker: tracker.finish(failed=failed))
        self._tell("mlfw_run_finished", failed=failed)

    def _track(self, act: Callable[[Tracker], None]) -> None:
        if self.tracker is None:
            return
        try:
            act(self.tracker)
        except Exception as error:
            name = type(self.tracker).__name__
            self.tracker = None
            logger.warning("tracker set aside", exc_info=True)
            self.monitor.note(f"tracker {name} failed and is left out: {_first_line(error)}")

    def _tell(self, hook: str, **values: Any) -> None:
        given = {"run": self.run, **values}
        caller = getattr(self.manager.hook, hook)
        for implementation in caller.get_hookimpls():
            arguments = [given[name] for name in implementation.argnames]
            try:
                implementation.function(*arguments)
            except Exception as error:
                caller._remove_plugin(implementation.plugin)
                logger.warning("listener set aside", exc_info=True)
                self.monitor.note(
                    f"{hook} of plugin {implementation.plugin_name} failed and is left out: "
                    f"{_first_line(error)}"
                )


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
