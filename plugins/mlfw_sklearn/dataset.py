"""The data set `sklearn`: scikit-learn's bundled sets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from mlfw import LoadContext, RowSplits, Task
from mlfw.components.dataset import Progress, silent
from mlfw_tabular import TableDataset

if TYPE_CHECKING:
    import pyarrow as pa


class Bundled(Enum):
    """The sets that come with scikit-learn and need no download."""

    iris = "iris"
    wine = "wine"
    breast_cancer = "breast_cancer"
    digits = "digits"
    diabetes = "diabetes"
    linnerud = "linnerud"


@dataclass(kw_only=True)
class SklearnDataset(TableDataset):
    """One of the small real data sets that come with scikit-learn, by name.

    The target is the set's own, named `target`, or `Weight` for linnerud.

    Attributes:
        name: Which set.
    """

    packages: ClassVar[tuple[str, ...]] = ("sklearn",)
    extra: ClassVar[str] = "sklearn"

    name: Bundled = Bundled.iris

    def place(self) -> str:
        """Return the set's name."""
        return f"scikit-learn's {self.name.value}"

    def fingerprint(self, progress: Progress = silent) -> str:  # noqa: ARG002
        """Return the version of scikit-learn, which carries the data."""
        from importlib.metadata import version

        return version("scikit-learn")

    def load(self, context: LoadContext) -> RowSplits:
        """Return the divided rows and their schema."""
        default = "Weight" if self.name is Bundled.linnerud else "target"
        task = Task.regression if self.name is Bundled.diabetes else None
        chosen = replace(self, target=self.target or [default], task=self.task or task)
        return super(SklearnDataset, chosen).load(context)

    def table(self, progress: Progress = silent) -> pa.Table:  # noqa: ARG002
        """Return the set with its classes by name."""
        import pyarrow as pa
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{self.name.value}")()
        columns = {
            str(name): bunch.data[:, index] for index, name in enumerate(bunch.feature_names)
        }
        target = bunch.target
        if target.ndim == 2:
            columns |= {str(name): target[:, i] for i, name in enumerate(bunch.target_names)}
        elif self.name is Bundled.diabetes or self.name is Bundled.digits:
            columns["target"] = target
        else:
            columns["target"] = [str(bunch.target_names[code]) for code in target]
        return pa.table(columns)
