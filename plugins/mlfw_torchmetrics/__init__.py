"""Metrics, computed by torchmetrics.

The first metric registered for a task is the one that ranks models.
"""

from __future__ import annotations

import mlfw
from mlfw_torchmetrics.classification import F1, Accuracy, Average, Precision, Recall
from mlfw_torchmetrics.confusion import ConfusionMatrix
from mlfw_torchmetrics.ranking import AUROC
from mlfw_torchmetrics.regression import MAE, R2, RMSE


@mlfw.hookimpl
def mlfw_metrics() -> dict[str, type[mlfw.Metric]]:
    """Register the metrics, the main one of each task first."""
    return {
        "accuracy": Accuracy,
        "f1": F1,
        "precision": Precision,
        "recall": Recall,
        "auroc": AUROC,
        "confusion_matrix": ConfusionMatrix,
        "rmse": RMSE,
        "mae": MAE,
        "r2": R2,
    }


__all__ = ["Average"]
