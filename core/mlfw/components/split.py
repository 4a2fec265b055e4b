"""How rows are divided."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlfw.components.limits import limits
from mlfw.errors import UserError


@dataclass(kw_only=True)
class Split:
    """How rows are divided into training, validation and test rows.

    The same seed gives the same split on every machine and for every model.

    Attributes:
        validation: Share of the rows that steer training and tuning.
        test: Share of the rows that are touched once, to measure the final model.
        stratify: Whether each class keeps its share in every split.
        group: A column whose rows of one value never stand in two splits.
        time: A column of dates or numbers to divide by: the oldest rows train, the newest test.
        column: A column that says for each row where it belongs: train, validation or test.
        folds: In how many parts to divide the training and validation rows for
            cross-validation; 0 for none.
        repeats: How often to divide them anew.
    """

    validation: float = field(default=0.2, metadata=limits(above=0, below=1))
    test: float = field(default=0.2, metadata=limits(above=0, below=1))
    stratify: bool = True
    group: str | None = None
    time: str | None = None
    column: str | None = None
    folds: int = field(default=0, metadata=limits(minimum=0))
    repeats: int = field(default=1, metadata=limits(minimum=1))

    def check(self) -> None:
        """Check that rows are left for training.

        Raises:
            UserError: The shares add up to 1 or more.
        """
        if self.validation + self.test >= 1:
            raise UserError(
                f"split: validation {self.validation:g} and test {self.test:g} leave no rows for "
                "training.",
                "Choose shares that add up to less than 1.",
            )
