"""mlfw: from data to a deployed model with one command, every step a plugin.

Everything a user or a plugin author needs is here; other modules may change without notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw.lazy import lazy_names
from mlfw.threads import wait_passively

if TYPE_CHECKING:
    from mlfw import hints
    from mlfw.components import (
        Action,
        Choices,
        Component,
        Dataset,
        Deployer,
        Deployment,
        Estimate,
        Executor,
        FailureKind,
        Finding,
        FitContext,
        Fitted,
        Fold,
        Imports,
        Interval,
        Job,
        JobContext,
        JobFailure,
        JobResult,
        JobSetup,
        LoadContext,
        Metric,
        MetricValue,
        Model,
        Objective,
        OpaqueModel,
        OpaquePredictor,
        Predictor,
        Rank,
        Resources,
        RowSplits,
        RunInfo,
        Search,
        SearchRange,
        Serving,
        Split,
        Splits,
        StreamedSplits,
        Tracker,
        Trainer,
        Tuner,
        Watch,
        Workers,
        limits,
        path_field,
        run_field,
        search,
    )
    from mlfw.errors import DataWarning, MlfwError, StopRequested, UserError
    from mlfw.pipeline.run import Run
    from mlfw.pipeline.saved_model import SavedModel
    from mlfw.plugins import Command, hookimpl, hookspec
    from mlfw.schema import (
        Column,
        Kind,
        Schema,
        Target,
        Task,
        conform,
        predictions_table,
        probability_matrix,
    )

wait_passively()  # nothing has loaded an OpenMP library yet: heavy imports stand inside methods


def run(
    config: str | Path | None = None,
    overrides: Sequence[str] = (),
    *,
    allow_imports: Sequence[str] = (),
) -> Run:
    """Go the whole way: data, model, tuning, training, evaluation, deployment.

    A run of the same configuration that was interrupted is continued.

    Args:
        config: A configuration file, if any.
        overrides: What to change, as on the command line: `["model=svm", "model.C=2"]`.
        allow_imports: Packages whose code the configuration may name.

    Returns:
        The finished run.

    Raises:
        UserError: The configuration or the data is not as it should be; the message says how to
            mend it.
    """
    from mlfw.components import Imports
    from mlfw.pipeline.run import run as run_pipeline

    path = Path(config) if config is not None else None
    return run_pipeline(path, overrides, Imports.of(allow_imports))


def load(
    path: str | Path, *, allow_imports: Sequence[str] = (), engine: str = "auto"
) -> SavedModel:
    """Load the model of a run.

    Args:
        path: A run directory, a run's name, `latest`, or the folder of a saved model.
        allow_imports: Packages whose code the saved model may name.
        engine: What predicts: `auto`, ONNX Runtime if the model is saved in ONNX, or `native`, the
            library that trained it.

    Raises:
        UserError: There is none, it is damaged, its plugin is not installed, or it was not saved
            for the engine.
        ValueError: There is no such engine.
    """
    from mlfw.components import Imports
    from mlfw.pipeline.api import load as load_model

    if engine not in ("auto", "native"):
        raise ValueError(f"engine: expected 'auto' or 'native', found {engine!r}")
    return load_model(path, Imports.of(allow_imports), native=engine == "native")


# A plugin that adds a command is imported by `mlfw --help`, and the contracts take longer to import
# than all the rest of it.
_named = lazy_names(
    __name__,
    {
        "components": [
            "Action",
            "Choices",
            "Component",
            "Dataset",
            "Deployer",
            "Deployment",
            "Estimate",
            "Executor",
            "FailureKind",
            "Finding",
            "FitContext",
            "Fitted",
            "Fold",
            "Imports",
            "Interval",
            "Job",
            "JobContext",
            "JobFailure",
            "JobResult",
            "JobSetup",
            "LoadContext",
            "Metric",
            "MetricValue",
            "Model",
            "Objective",
            "OpaqueModel",
            "OpaquePredictor",
            "Predictor",
            "Rank",
            "Resources",
            "RowSplits",
            "RunInfo",
            "Search",
            "SearchRange",
            "Serving",
            "Split",
            "Splits",
            "StreamedSplits",
            "Tracker",
            "Trainer",
            "Tuner",
            "Watch",
            "Workers",
            "limits",
            "path_field",
            "run_field",
            "search",
        ],
        "errors": ["DataWarning", "MlfwError", "StopRequested", "UserError"],
        "hints": ["hints"],
        "plugins": ["Command", "hookimpl", "hookspec"],
        "schema": [
            "Column",
            "Kind",
            "Schema",
            "Target",
            "Task",
            "conform",
            "predictions_table",
            "probability_matrix",
        ],
    },
)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from mlfw.runs.environment import mlfw_version

        return mlfw_version()
    return _named(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})


__all__ = [
    "Action",
    "Choices",
    "Column",
    "Command",
    "Component",
    "DataWarning",
    "Dataset",
    "Deployer",
    "Deployment",
    "Estimate",
    "Executor",
    "FailureKind",
    "Finding",
    "FitContext",
    "Fitted",
    "Fold",
    "Imports",
    "Interval",
    "Job",
    "JobContext",
    "JobFailure",
    "JobResult",
    "JobSetup",
    "Kind",
    "LoadContext",
    "Metric",
    "MetricValue",
    "MlfwError",
    "Model",
    "Objective",
    "OpaqueModel",
    "OpaquePredictor",
    "Predictor",
    "Rank",
    "Resources",
    "RowSplits",
    "RunInfo",
    "Schema",
    "Search",
    "SearchRange",
    "Serving",
    "Split",
    "Splits",
    "StopRequested",
    "StreamedSplits",
    "Target",
    "Task",
    "Tracker",
    "Trainer",
    "Tuner",
    "UserError",
    "Watch",
    "Workers",
    "conform",
    "hints",
    "hookimpl",
    "hookspec",
    "lazy_names",
    "limits",
    "load",
    "path_field",
    "predictions_table",
    "probability_matrix",
    "run",
    "run_field",
    "search",
]
