"""The contracts of models and of what fitting one gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw.components.component import Component
from mlfw.components.estimate import Estimate
from mlfw.components.imports import Imports
from mlfw.components.splits import Splits
from mlfw.errors import UserError
from mlfw.schema.kinds import Task

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import onnx
    import pyarrow as pa

    from mlfw.components.trainer import FitContext
    from mlfw.schema import Schema


class Fitted(ABC):
    """What a model has learnt."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the fitted state into an empty folder, as data: no pickle, no code."""

    def needs(self) -> tuple[tuple[str, ...], str] | None:
        """Return which packages loading what `save` wrote needs, where they are not the model's.

        Returns:
            Import names of packages, and the extra of the model's distribution that installs them;
            None for those of the model component.
        """
        return None


class Predictor(Fitted):
    """A fitted model of rows: preprocessing and estimator or network in one.

    Attributes:
        schema: What it takes and gives.
        onnx_tolerance: Largest difference allowed between `predict` and the model that `to_onnx`
            returns: absolute for probabilities, relative for predicted values.
    """

    schema: Schema
    onnx_tolerance: ClassVar[float] = 1e-5

    @abstractmethod
    def predict(self, rows: pa.Table) -> pa.Table:
        """Return predictions as `mlfw.predictions_table` makes them.

        Args:
            rows: Rows that conform to the schema.
        """

    def predict_plain(self, columns: Mapping[str, list[Any]]) -> pa.Table | None:  # noqa: ARG002
        """Return predictions for a few rows sooner than `predict`, or None if that cannot be done.

        Args:
            columns: The values of each column: numbers, booleans as 0.0 or 1.0, dates as days since
                1970, known categories as text; None for missing ones.
        """
        return None

    def for_threads(self) -> Predictor | None:
        """Return what several threads can predict with at a time, each on one core.

        None if there is no such thing: then one thread predicts, which may use all cores.
        """
        return None

    def check_saved(self, folder: Path, rows: pa.Table) -> None:
        """Check that what `save` wrote predicts the same, where it has another form.

        Args:
            folder: Where `save` wrote it.
            rows: Rows that conform to the schema; they were not learnt from.

        Raises:
            UserError: It predicts differently.
        """

    def to_onnx(self) -> onnx.ModelProto:
        """Return the model in ONNX, preprocessing included.

        It has one input per column, and the outputs and metadata of
        `mlfw_onnx.prediction_model`.

        Raises:
            UserError: The model has no ONNX form.
        """
        raise UserError(
            f"{type(self).__module__}.{type(self).__qualname__}: this model has no ONNX form.",
            "Train one of model=tree, forest, boosting, svm, linear or mlp.",
        )

    def onnx_feeds(self, rows: pa.Table) -> dict[str, np.ndarray]:
        """Return rows as the inputs of the model in ONNX, by input name.

        Args:
            rows: Rows that conform to the schema.
        """
        raise NotImplementedError(f"{type(self).__name__} has no ONNX form: {rows.num_rows} rows")

    def onnx_slack(self, rows: pa.Table) -> np.ndarray | None:  # noqa: ARG002
        """Return by which factor `onnx_tolerance` is larger for each row.

        It is asked only where predictions differ by more than `onnx_tolerance`, so it may take some
        time. Rounding errors of single precision grow with numbers far from those of training, and
        with large weights.

        Args:
            rows: Rows that conform to the schema.

        Returns:
            float64 [rows], each at least 1; None for 1.
        """
        return None


@dataclass(kw_only=True)
class Model(Component):
    """A model that can be fitted.

    Attributes:
        tasks: The tasks it can learn.
        takes: Of which classes the data may be that it learns from.
        several_targets: Whether it can learn several targets at once.
        uses_trainer: Whether it learns step by step, through `context.trainer`.
    """

    kind: ClassVar[str] = "model"
    tasks: ClassVar[frozenset[Task]] = frozenset(Task)
    takes: ClassVar[tuple[type, ...]] = (Splits,)
    several_targets: ClassVar[bool] = False
    uses_trainer: ClassVar[bool] = False

    def check_schema(self, schema: Schema) -> None:
        """Check that it can learn from such columns; called before anything takes long.

        Raises:
            UserError: It cannot.
        """

    def fingerprint(self) -> str:
        """Return a text that differs where what the fields name, such as a file, has changed."""
        return ""

    @abstractmethod
    def fit(self, data: Any, context: FitContext) -> Fitted:
        """Learn from the training rows.

        Args:
            data: Of a class in `takes`. Validation rows may steer the fit; test rows must not be
                touched.
            context: The trainer, the seed, and where to keep checkpoints.

        Raises:
            UserError: The model cannot learn from these rows with these settings.
        """

    def estimate(self, data: Any, context: FitContext) -> Estimate | None:  # noqa: ARG002
        """Return what `fit` will cost with the same arguments; None where that is not known.

        It is asked before a fit that may take long, so it takes no more than a second or two and
        leaves nothing behind; what the cache keeps for the fit to come may be made already.

        Args:
            data: See `fit`.
            context: See `fit`.
        """
        return None

    @abstractmethod
    def load(self, folder: Path, schema: Schema) -> Predictor:
        """Return the predictor that `Predictor.save` wrote into the folder."""

    def load_native(self, folder: Path, schema: Schema) -> Predictor:
        """Return the predictor as the library that trained it, where `load` returns another form.

        Raises:
            UserError: The saved model does not hold it.
        """
        return self.load(folder, schema)

    def restore(self, folder: Path, imports: Imports) -> Fitted:  # noqa: ARG002
        """Return what `Fitted.save` wrote into a saved model's folder.

        Models of rows bring `load`, which this calls with the schema that lies there.

        Args:
            folder: The saved model's folder.
            imports: What the caller allows to be imported.
        """
        from mlfw.schema import Schema

        return self.load(folder, Schema.load(folder / "schema.json"))
