"""Categories that training does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Action, Kind
from mlfw.components.splits import TEST, VALIDATION
from mlfw.errors import listing
from mlfw_tabular.checks.base import MakesMissing, Problem
from mlfw_tabular.checks.parts import Parts
from mlfw_tabular.checks.values import counted, shortened

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SHOWN = 3


class Unseen(MakesMissing[Parts]):
    """Categories in validation and test rows that no training row has."""

    name = "unseen"
    default = Action.warn

    def find(self, data: Parts) -> list[Problem]:
        """Return the columns that have some; `where` is by split bool [rows]."""
        import numpy as np
        import pyarrow as pa

        problems = []
        for column, splits in data.of_kind(Kind.category):
            known = pa.array(column.categories, pa.string())
            where = {split: _unknown(splits[split], known) for split in (VALIDATION, TEST)}
            rows = sum(int(np.count_nonzero(own)) for own in where.values())
            if rows:
                new = {w for s, own in where.items() for w in _words(splits[s], own)}
                shown = listing([repr(shortened(word)) for word in sorted(new)], SHOWN)
                message = f"{counted(rows, 'row')} with {shown}, unknown to training"
                problems.append(
                    Problem(message=message, column=column.name, rows=rows, where=where)
                )
        return problems


def _unknown(values: pa.Array, known: pa.Array) -> np.ndarray:
    """Return which rows hold a value that is not known, bool [rows]."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    new = pc.invert(pc.is_in(encoded.dictionary.cast(pa.string()), known))
    if not pc.any(new).as_py():
        return np.zeros(len(values), bool)
    return np.asarray(pc.fill_null(new.take(encoded.indices), False))


def _words(values: pa.Array, rows: np.ndarray) -> list[str]:
    import pyarrow as pa

    found = values.filter(pa.array(rows)).unique()
    return list(found.to_pylist())
