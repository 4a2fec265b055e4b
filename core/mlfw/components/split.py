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
        validation: Share of the rows that steer training and tuning. Where the data say
            themselves which rows test, it is the share of the other rows.
        test: Share of the rows that are touched once, to measure the final model. Where the data
            say themselves which rows validate, it is the share of the other rows.
        stratify: Whether each class keeps its share in every split: nearly so with `group`, not
            at all with `time`.
        group: A column whose rows of one value never stand in two splits; no input of the model.
        time: A column of dates or numbers to divide by: the oldest rows train, the newest test.
            With `group`, whole groups are ordered by their last time.
        column: A column that says for each row where it belongs: train, validation or test; no
            input of the model. A split that it does not name is taken from the training rows.
        folds: How many folds to cross-validate with; 0 for none. The training and validation
            rows together are divided into as many parts, and each fold trains on the others and
            validates on its own; with `time` it trains on earlier rows alone. A tuner then judges
            by the mean over the folds. The final model is fitted to the training rows.
        repeats: How often to divide them into folds anew.
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
        """Check that the fields fit together.

        Raises:
            UserError: No rows are left for training, or fields contradict each other.
        """
        if self.validation + self.test >= 1:
            raise UserError(
                f"split: validation {self.validation:g} and test {self.test:g} leave no rows for "
                "training.",
                "Choose shares that add up to less than 1.",
            )
        self._check_columns()
        self._check_folds()

    def _check_columns(self) -> None:
        named: dict[str, str] = {}
        for key in ("group", "time", "column"):
            name = getattr(self, key)
            if name is None:
                continue
            if name in named:
                raise UserError(
                    f"split.{key}={name}: named by split.{named[name]} already.",
                    "Name another column, or leave one of them out.",
                )
            named[name] = key

    def _check_folds(self) -> None:
        if self.folds == 1:
            raise UserError(
                "split.folds=1: one part leaves none to train on.",
                "Set at least 2, or 0 for none.",
            )
        if self.repeats > 1 and not self.folds:
            raise UserError(
                f"split.repeats={self.repeats}: there are no folds to repeat.",
                "Set split.folds=5, or leave split.repeats out.",
            )
        if self.repeats > 1 and self.time is not None:
            raise UserError(
                f"split.repeats={self.repeats}: folds by split.time={self.time} come out the same "
                "each time.",
                "Leave split.repeats out.",
            )
