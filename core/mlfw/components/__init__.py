"""The contracts that plugins fulfil, one kind a file."""

from mlfw.components.component import Component
from mlfw.components.dataset import Dataset, LoadContext
from mlfw.components.deployer import Deployer, Deployment
from mlfw.components.estimate import Estimate
from mlfw.components.executor import (
    Executor,
    JobContext,
    JobFunction,
    JobSetup,
    Watch,
    Workers,
)
from mlfw.components.finding import Action, Finding
from mlfw.components.imports import Imports
from mlfw.components.job import (
    FailureKind,
    Job,
    JobFailure,
    JobResult,
    Rank,
    Resources,
    failure_of,
)
from mlfw.components.limits import limits
from mlfw.components.metric import Metric, MetricValue
from mlfw.components.model import Fitted, Model, Predictor
from mlfw.components.opaque import Objective, OpaqueModel, OpaquePredictor
from mlfw.components.paths import path_field, run_field
from mlfw.components.search import Choices, Interval, SearchRange, Space, search
from mlfw.components.serving import Serving
from mlfw.components.split import Split
from mlfw.components.splits import Fold, RowSplits, Splits, StreamedSplits
from mlfw.components.tracker import RunInfo, Tracker
from mlfw.components.trainer import FitContext, Trainer
from mlfw.components.tuner import Search, Tuner

KINDS: dict[str, type[Component]] = {
    "dataset": Dataset,
    "model": Model,
    "trainer": Trainer,
    "tuner": Tuner,
    "metrics": Metric,
    "tracker": Tracker,
    "deployer": Deployer,
    "executor": Executor,
}

__all__ = [
    "KINDS",
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
    "JobFunction",
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
    "Space",
    "Split",
    "Splits",
    "StreamedSplits",
    "Tracker",
    "Trainer",
    "Tuner",
    "Watch",
    "Workers",
    "failure_of",
    "limits",
    "path_field",
    "run_field",
    "search",
]
