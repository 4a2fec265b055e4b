"""What a fit is expected to cost, before it is begun."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a fit is expected to cost.

    Attributes:
        seconds: How long it takes with all its epochs, from the call of `Model.fit` to its end.
        basis: What that rests on, such as `20 timed steps`.
        memory: Most bytes at a time: of one accelerator, or else of all processes on this
            machine; None where that is not known.
        epochs: How many epochs are counted in; 0 for a model that does not learn by epochs.
        epoch_seconds: How long each of them takes.
        at_most: Whether the fit may end earlier, as early stopping lets it.
        predict_seconds: How long predicting the validation rows takes; None where not known.
        device: What it runs on, such as `cpu` or `2 x NVIDIA H100`.
    """

    seconds: float
    basis: str
    memory: int | None = None
    epochs: int = 0
    epoch_seconds: float = 0.0
    at_most: bool = False
    predict_seconds: float | None = None
    device: str = "cpu"

    def of_epochs(self, epochs: int) -> float:
        """Return how many seconds a fit takes that ends after so many epochs.

        Args:
            epochs: How many; more or fewer than are counted in.
        """
        return max(self.seconds + (epochs - self.epochs) * self.epoch_seconds, 0.0)
