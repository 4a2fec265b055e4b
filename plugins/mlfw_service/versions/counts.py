"""The metrics of several models and of new versions."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class VersionCounts:
    """Counts what shadows predict and which new versions are taken over.

    Args:
        registry: Where the metrics are kept.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=registry)

        self.rows = counter("mlfw_shadow_rows", "Rows that a shadow predicted.", "model")
        self.disagreements = counter(
            "mlfw_shadow_disagreements",
            "Rows that a shadow predicted differently from the model that answered.",
            "model",
            "answered_by",
        )
        self.failures = counter("mlfw_shadow_failures", "Requests that a shadow failed.", "model")
        self.dropped = counter(
            "mlfw_shadow_dropped_rows", "Rows that a shadow had no time to predict.", "model"
        )
        self.reloads = counter(
            "mlfw_model_reloads",
            "New versions, by whether they were taken over.",
            "model",
            "result",
        )
