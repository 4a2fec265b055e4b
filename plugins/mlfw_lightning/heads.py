"""What a network predicts: one head a target, with its loss and the way back to predictions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw import Schema, Task, UserError
from mlfw.errors import did_you_mean, listing

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from mlfw_onnx import Tensor as GraphTensor
    from mlfw_tabular import TargetScale


@dataclass(frozen=True)
class Head:
    """The part of a network's scores that stands for one target.

    Attributes:
        task: What kind of prediction it is.
        outputs: How many scores: one a class or label, or 1 for regression.
        weights: How much a row of each class counts; empty where all count the same.
        mean: Of the target's values, for regression.
        deviation: Of the target's values, for regression.
        importance: How much the target counts in the loss beside the others.
    """

    task: Task
    outputs: int
    weights: tuple[float, ...] = ()
    mean: float = 0.0
    deviation: float = 1.0
    importance: float = 1.0

    def loss_sum(self, scores: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Return the loss, summed over rows.

        Args:
            scores: float [rows, outputs].
            target: Class numbers, int64 [rows]; labels as 0 or 1, float32 [rows, labels]; or
                scaled values, float32 [rows].
            label_smoothing: Which share of each label is spread evenly over the classes, or over
                yes and no (Szegedy et al. 2016); for training only. Values are not smoothed.

        Returns:
            The cross-entropy; for labels the mean of the labels' binary cross-entropies; for
            regression the squared error in deviations of the target. It is multiplied by the
            target's importance.
        """
        loss = self._loss_sum(scores, target, label_smoothing)
        return loss if self.importance == 1 else loss * self.importance

    def _loss_sum(self, scores: Tensor, target: Tensor, label_smoothing: float) -> Tensor:
        from torch.nn import functional

        if self.task is Task.regression:
            return functional.mse_loss(scores[:, 0], target, reduction="sum")
        if self.task is Task.multilabel:
            if label_smoothing:
                target = target * (1 - label_smoothing) + label_smoothing / 2
            total = functional.binary_cross_entropy_with_logits(scores, target, reduction="sum")
            return total / self.outputs
        weight = scores.new_tensor(self.weights) if self.weights else None
        if weight is None or not label_smoothing:
            return functional.cross_entropy(
                scores, target, weight=weight, reduction="sum", label_smoothing=label_smoothing
            )
        # Given to cross_entropy, a weight would count a class's share in every row's smoothing;
        # here it is how often a row counts, as if the row were repeated.
        losses = functional.cross_entropy(
            scores, target, reduction="none", label_smoothing=label_smoothing
        )
        return (losses * weight[target]).sum()

    def predict(self, scores: np.ndarray) -> np.ndarray:
        """Return what `mlfw.predictions_table` takes from scores, float64 [rows, outputs]."""
        import numpy as np

        if self.task is Task.regression:
            values: np.ndarray = scores[:, 0] * self.deviation + self.mean
            return values
        if self.task is Task.multilabel:
            probabilities: np.ndarray = 0.5 * (1 + np.tanh(0.5 * scores))
            return probabilities
        return _softmax(scores)

    def add_prediction(self, scores: GraphTensor) -> GraphTensor:
        """Add to an ONNX graph what `predict` computes.

        Args:
            scores: double [rows, outputs].
        """
        from mlfw_onnx import arrays

        made: GraphTensor = self.prediction(arrays, scores)
        return made

    def prediction(self, xp: Any, scores: Any) -> Any:
        """Return what `predict` computes, for another array module.

        Args:
            xp: `mlfw_onnx.arrays` or `torch`.
            scores: float64 [rows, outputs].
        """
        if self.task is Task.regression:
            return scores[:, 0] * self.deviation + self.mean
        if self.task is Task.multilabel:
            return 0.5 * (1 + xp.tanh(0.5 * scores))
        return xp.softmax(scores, axis=1)

    def to_json(self) -> dict[str, Any]:
        """Return the head as JSON data."""
        return {
            "task": self.task.value,
            "outputs": self.outputs,
            "weights": list(self.weights),
            "mean": self.mean,
            "deviation": self.deviation,
            "importance": self.importance,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Head:
        """Build a head from what `to_json` returned."""
        return cls(**{**data, "task": Task(data["task"]), "weights": tuple(data["weights"])})


def heads_of(
    schema: Schema, scales: Iterable[TargetScale], importance: Mapping[str, float]
) -> tuple[Head, ...]:
    """Return the heads of a schema's targets, in order.

    Args:
        schema: What is predicted.
        scales: How each target was scaled.
        importance: How much targets count in the loss, by name; 1 where one is not named.

    Raises:
        UserError: A name is no target, or a number is below 0.
    """
    names = [target.name for target in schema.targets]
    for name, value in importance.items():
        if name not in names:
            raise UserError(
                f"model.target_weights.{name}: not a target; targets are {listing(names)}.",
                did_you_mean(name, names, listed=True),
            )
        if not 0 <= value < math.inf:
            raise UserError(
                f"model.target_weights.{name}: expected a number of at least 0, found {value}."
            )
    return tuple(
        Head(
            target.task,
            len(target.classes) or 1,
            target.weights,
            scale.mean,
            scale.deviation,
            importance.get(target.name, 1.0),
        )
        for target, scale in zip(schema.targets, scales, strict=True)
    )


def _softmax(scores: np.ndarray) -> np.ndarray:
    import numpy as np

    exponents = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
    shares: np.ndarray = exponents / exponents.sum(axis=1, keepdims=True)
    return shares
