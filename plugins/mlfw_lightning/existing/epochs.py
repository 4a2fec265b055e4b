"""The end of an epoch of an existing module: keep the best, stop, checkpoint, report."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from mlfw import Objective, UserError
from mlfw.errors import did_you_mean, listing
from mlfw_lightning.existing.checkpoint_io import EpochIO
from mlfw_lightning.existing.plateau import Follower, shared
from mlfw_lightning.loop.agree import check_same_start
from mlfw_lightning.loop.randomness import derived_seed, seed_all


class BestEpoch(pl.callbacks.Checkpoint):
    """Keeps the state of the best epoch, and stops when none has been better for long.

    It counts as a checkpoint callback, so that Lightning runs it after the module's own hook.

    Attributes:
        state: The state of the best epoch; empty before there is one, or without an objective.
        value: The monitored value of that epoch.
        waited: How many epochs have ended since.
        stopped: Whether the training has been stopped.
    """

    def __init__(
        self, objective: Objective | None, patience: int | None, follower: Follower | None
    ) -> None:
        """Begin without an epoch.

        Args:
            objective: What is monitored; None to keep no epoch.
            patience: After how many epochs without a better one to stop; None for never.
            follower: Judges the curve and may lower the learning rate in place of a stop.
        """
        self.objective = objective
        self.patience = patience
        self.follower = follower
        self.state: dict[str, Tensor] = {}
        self.value = math.nan
        self.waited = 0
        self.stopped = False

    def on_sanity_check_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:  # noqa: ARG002
        """Find out before the first epoch that the monitored value is not logged."""
        logged = trainer.callback_metrics
        if self.objective and logged and self.objective.name not in logged:
            raise _not_logged(self.objective.name, logged)

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:  # noqa: ARG002
        """Compare the epoch with the best so far."""
        self.stopped = trainer.should_stop
        if not trainer.enable_validation or not self.objective:
            return
        logged = trainer.callback_metrics
        if self.objective.name not in logged:
            raise _not_logged(self.objective.name, logged)
        value = shared(trainer, logged[self.objective.name])
        if self._is_better(value):
            self.value, self.waited = value, 0
            self._keep(trainer)
        else:
            self.waited += 1
        if not math.isfinite(value) and not self.state:
            raise UserError(
                f"model.monitor={self.objective.name}: it is {value} after epoch "
                f"{trainer.current_epoch + 1}: the training diverges.",
                "Lower the learning rate, or set trainer.gradient_clip=1.",
            )
        waited_long = self.patience is not None and self.waited >= self.patience
        if self._stops(trainer, value, waited_long or not math.isfinite(value)):
            trainer.should_stop = self.stopped = True

    def _stops(self, trainer: pl.Trainer, value: float, due: bool) -> bool:
        """Return whether to stop now, where that is due unless the learning rate is lowered."""
        if self.follower is None:
            return due
        decision = self.follower.epoch_ended(trainer, value, due)
        if decision.lowers:
            self.waited = 0
            return False
        return due or decision.stop

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:  # noqa: ARG002
        """Let it be said what the whole training tells, and keep its end where no epoch is kept."""
        if self.objective is None:
            self._keep(trainer)
        if self.follower is not None:
            self.follower.ended(trainer)

    def _keep(self, trainer: pl.Trainer) -> None:
        """Keep the whole weights; all processes take part, and the first one has them."""
        whole = trainer.strategy.lightning_module_state_dict()
        self.state = {
            name: value.detach().cpu().clone() if isinstance(value, Tensor) else value
            for name, value in whole.items()
        }

    def _is_better(self, value: float) -> bool:
        assert self.objective is not None
        if not math.isfinite(value):
            return False
        if math.isnan(self.value):
            return True
        return value > self.value if self.objective.higher_is_better else value < self.value

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        kept = {key: getattr(self, key) for key in ("state", "value", "waited", "stopped")}
        return kept | ({"plateau": self.follower.plateau.state_dict()} if self.follower else {})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take back what a checkpoint has kept."""
        kept = dict(state_dict)
        if self.follower is not None:
            self.follower.plateau.load_state_dict(kept.pop("plateau"))
        vars(self).update(kept)


class EpochEnd(pl.Callback):
    """Keeps a checkpoint and reports when an epoch has ended altogether, and seeds the next one.

    Lightning's own end-of-epoch hooks come too early for that: schedulers that follow a metric
    have not stepped yet, and the counters of the loops are half-way. So this is done when the
    next epoch begins, or the training ends.
    """

    def __init__(
        self,
        io: EpochIO,
        *,
        seed: int,
        best: BestEpoch,
        report: Callable[[int, Mapping[str, float]], None],
    ) -> None:
        self.io = io
        self.seed = seed
        self.best = best
        self.report = report
        self.ended = 0

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:  # noqa: ARG002
        """Let the loops count on from the checkpoint, as if the training had not been stopped."""
        state = self.io.state
        self.ended = state["epoch"] if state else 0
        check_same_start(self.ended, 0, world=trainer.world_size)
        if state is None:
            return
        loop: Any = trainer.fit_loop
        counters = {k: v for k, v in state["loops"]["fit_loop"].items() if k != "state_dict"}
        loop.load_state_dict(counters)
        # Lightning's own continuing within an epoch is not wanted: this is a plain beginning.
        loop.restarting = False
        loop.on_iteration_done()
        for progress in (loop.epoch_progress.current, loop.epoch_progress.total):
            progress.ready = progress.started = progress.processed = progress.completed
        if self.best.stopped:
            trainer.should_stop = True

    def on_train_epoch_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:  # noqa: ARG002
        """Finish the epoch before, and let the random numbers follow from seed and epoch."""
        self._finish(trainer)
        seed_all(derived_seed(self.seed, trainer.current_epoch, trainer.global_rank, 1))

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:  # noqa: ARG002
        """Finish the last epoch."""
        self._finish(trainer)

    def _finish(self, trainer: pl.Trainer) -> None:
        epoch = trainer.current_epoch
        if epoch == self.ended:
            return
        self.ended = epoch
        # Told first: an epoch that is told and not kept is trained, and told, again.
        if trainer.local_rank == 0:
            logged = {name: float(value) for name, value in trainer.callback_metrics.items()}
            judged = self.best.follower.judged if self.best.follower else {}
            self.report(epoch, logged | judged)
        if self.io.checkpoints is not None:
            trainer.save_checkpoint(f"epoch {epoch}")


def _not_logged(monitor: str, logged: Mapping[str, Any]) -> UserError:
    hint = did_you_mean(monitor, logged, listed=True)
    return UserError(
        f"model.monitor={monitor}: the module logs no such value in validation; it logs "
        f"{listing(logged) or 'nothing'}.",
        f"{hint} Set model.mode=min or max too; model.monitor=null keeps the last epoch.".strip(),
    )
