"""The models `tree`, `forest`, `boosting`, `svm` and `linear`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Estimate, FitContext, RowSplits, Schema, Splits, StreamedSplits, limits, search
from mlfw_sklearn.estimator import Estimator

if TYPE_CHECKING:
    from mlfw_sklearn.predictor import EstimatorPredictor
    from mlfw_sklearn.timing import Growth

TREE = "sklearn.tree._tree.Tree"
# Up to so many classes, a tenth of the rows that scikit-learn stops early with has room for each.
MOST_CLASSES_IN_TENTH = 1000
CALIBRATION_FOLDS = 5


@dataclass(kw_only=True)
class Tree(Estimator):
    """A decision tree (Breiman et al., Classification and Regression Trees, 1984).

    Attributes:
        max_depth: Most questions from the root to a leaf; null for no limit.
        min_samples_leaf: Fewest training rows in a leaf.
        ccp_alpha: Cost of a leaf in pruning; larger values give smaller trees.
    """

    trusted: ClassVar[tuple[str, ...]] = (TREE,)

    max_depth: int | None = field(default=None, metadata=limits(minimum=1) | search(2, 16))
    min_samples_leaf: int = field(default=3, metadata=limits(minimum=1) | search(1, 32, log=True))
    ccp_alpha: float = field(default=0.0, metadata=limits(minimum=0))

    def build(self, schema: Schema) -> Any:
        """Return a fresh decision tree."""
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        kind = DecisionTreeClassifier if schema.task.is_classification else DecisionTreeRegressor
        return kind(
            max_depth=self.max_depth,
            min_samples_leaf=self.min_samples_leaf,
            ccp_alpha=self.ccp_alpha,
        )


@dataclass(kw_only=True)
class Forest(Estimator):
    """A random forest: the mean of many trees on random rows and columns (Breiman 2001).

    Attributes:
        trees: How many trees.
        max_depth: Most questions from the root to a leaf; null for no limit.
        min_samples_leaf: Fewest training rows in a leaf.
        max_features: Share of the columns that each question may choose from; null for the
            square root of their number, or all of them for regression.
        jobs: How many processor cores to use; -1 for as many idle ones as the rows are worth.
    """

    trusted: ClassVar[tuple[str, ...]] = (TREE,)
    counted: ClassVar[str] = "trees"

    trees: int = field(default=200, metadata=limits(minimum=1) | search(50, 500))
    max_depth: int | None = field(default=None, metadata=limits(minimum=1) | search(2, 24))
    min_samples_leaf: int = field(default=1, metadata=limits(minimum=1) | search(1, 16, log=True))
    max_features: float | None = field(
        default=None, metadata=limits(above=0, maximum=1) | search(0.1, 1.0)
    )
    jobs: int = field(default=-1, metadata=limits(minimum=-1))

    def build(self, schema: Schema) -> Any:
        """Return a fresh forest."""
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        classify = schema.task.is_classification
        kind = RandomForestClassifier if classify else RandomForestRegressor
        return kind(
            n_estimators=self.trees,
            max_depth=self.max_depth,
            min_samples_leaf=self.min_samples_leaf,
            max_features=self.max_features or ("sqrt" if classify else 1.0),
            n_jobs=self.jobs or None,
        )


@dataclass(kw_only=True)
class Boosting(Estimator):
    """Gradient boosting on histograms: trees that each correct those before (Friedman 2001).

    Attributes:
        iterations: How many rounds of trees.
        learning_rate: How much each round counts.
        max_leaves: Most leaves of a tree.
        min_samples_leaf: Fewest training rows in a leaf.
        l2: Penalty on large leaf values.
    """

    trusted: ClassVar[tuple[str, ...]] = (
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss._loss.CyHalfMultinomialLoss",
        "sklearn._loss._loss.CyHalfSquaredError",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
        "sklearn._loss.loss.HalfSquaredError",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    )
    counted: ClassVar[str] = "iterations"
    class_rows: ClassVar[int] = 2  # one to learn from, one to decide when to stop

    iterations: int = field(default=100, metadata=limits(minimum=1) | search(50, 500))
    learning_rate: float = field(
        default=0.1, metadata=limits(above=0) | search(0.01, 0.3, log=True)
    )
    max_leaves: int = field(default=31, metadata=limits(minimum=2) | search(4, 64, log=True))
    min_samples_leaf: int = field(default=20, metadata=limits(minimum=1) | search(5, 50, log=True))
    l2: float = field(default=0.0, metadata=limits(minimum=0))

    def build(self, schema: Schema) -> Any:
        """Return fresh gradient boosting."""
        from sklearn.ensemble import (
            HistGradientBoostingClassifier,
            HistGradientBoostingRegressor,
        )

        classify = schema.task.is_classification
        kind = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
        classes = len(schema.classes) if classify else 0
        return kind(
            max_iter=self.iterations,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaves,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2,
            validation_fraction=classes if classes > MOST_CLASSES_IN_TENTH else 0.1,
        )

    def growth(self) -> Growth:
        """Return that a tree's time hardly grows before it has all its leaves, and then slowly."""
        from mlfw_sklearn.timing import Growth

        return Growth(near=16, fewest=2 * self.max_leaves * self.min_samples_leaf)


class Kernel(Enum):
    """How a support vector machine measures similarity."""

    rbf = "rbf"
    linear = "linear"
    poly = "poly"


@dataclass(kw_only=True)
class SVM(Estimator):
    """A support vector machine (Cortes and Vapnik 1995), its scores calibrated to probabilities.

    Training time grows with the square of the rows and more: best below some 20,000.

    Attributes:
        C: How much a training row on the wrong side costs; larger values fit closer.
        kernel: How similarity is measured.
        gamma: How far one row's influence reaches in rbf and poly; null to follow the data.
        degree: The degree of poly.
    """

    trusted: ClassVar[tuple[str, ...]] = (
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
    )
    class_rows: ClassVar[int] = CALIBRATION_FOLDS

    C: float = field(default=1.0, metadata=limits(above=0) | search(1e-2, 1e3, log=True))
    kernel: Kernel = field(default=Kernel.rbf, metadata=search(choices=list(Kernel)))
    gamma: float | None = field(
        default=None, metadata=limits(above=0) | search(1e-4, 1.0, log=True)
    )
    degree: int = field(default=3, metadata=limits(minimum=1))

    def build(self, schema: Schema) -> Any:
        """Return a fresh support vector machine."""
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.compose import TransformedTargetRegressor
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC, SVR

        options = {
            "C": self.C,
            "kernel": self.kernel.value,
            "gamma": self.gamma if self.gamma is not None else "scale",
            "degree": self.degree,
        }
        if not schema.task.is_classification:
            # C and the width of the insensitive tube only mean something for a scaled target.
            return TransformedTargetRegressor(SVR(**options), transformer=StandardScaler())
        return CalibratedClassifierCV(SVC(**options), ensemble=False, cv=CALIBRATION_FOLDS)

    def growth(self) -> Growth:
        """Return that time grows with the square of the rows."""
        from mlfw_sklearn.timing import Growth

        return Growth(power=2.0)


@dataclass(kw_only=True)
class Linear(Estimator):
    """Logistic regression for classes, ridge regression for values.

    Rows that are streamed are learnt from by stochastic gradient steps, or exactly for values.

    Attributes:
        C: Inverse of the penalty on large weights; larger values fit closer.
        max_iterations: Most steps of the solver.
    """

    takes: ClassVar[tuple[type, ...]] = (Splits, StreamedSplits)

    C: float = field(default=1.0, metadata=limits(above=0) | search(1e-3, 1e3, log=True))
    max_iterations: int = field(default=1000, metadata=limits(minimum=1))

    def build(self, schema: Schema) -> Any:
        """Return a fresh linear model."""
        from sklearn.linear_model import LogisticRegression, Ridge

        if schema.task.is_classification:
            return LogisticRegression(C=self.C, max_iter=self.max_iterations)
        return Ridge(alpha=1 / self.C, max_iter=self.max_iterations)

    def fit(self, data: RowSplits, context: FitContext) -> EstimatorPredictor:
        """Fit on rows in memory, or on rows that are streamed."""
        if isinstance(data, Splits):
            return super().fit(data, context)
        from mlfw_sklearn.streaming import fit_streamed

        return fit_streamed(data, context, C=self.C)

    def estimate(self, data: RowSplits, context: FitContext) -> Estimate | None:
        """Return what `fit` will cost, from fits on some of the rows."""
        if isinstance(data, Splits):
            return super().estimate(data, context)
        from mlfw_sklearn.streaming import estimate_streamed

        return estimate_streamed(data, context, C=self.C)
