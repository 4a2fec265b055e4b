"""Types by which the columns of a large CSV file are read with less time and memory.

A column that is read as numbers or as a dictionary never has to be held as one string a value.
What a column holds is inferred all the same, and comes out as it would from strings.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from mlfw_tabular.infer.codes import are_decimals
from mlfw_tabular.infer.dates import date_in_name
from mlfw_tabular.infer.inferred import HEAD
from mlfw_tabular.infer.numerals import may_be_thousands

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_ROWS = 1000
MOST_DIFFERENT = 0.5


def likely_types(
    first: pa.Table, but: Collection[str], *, numbers: bool = True, thousands: bool = False
) -> dict[str, pa.DataType]:
    """Return the types of columns that need not be read as strings.

    Args:
        first: The first rows, all strings.
        but: Columns that are to be read as strings.
        numbers: Whether columns may be read as numbers.
        thousands: Whether dots may stand between thousands; what may be so is read as strings.

    Returns:
        By column: float64 where the first values have decimal points, which then is a column of
        numbers if all its values are; a dictionary where few values differ.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    types: dict[str, pa.DataType] = {}
    if first.num_rows < LEAST_ROWS:
        return types
    for name in first.column_names:
        values = first[name]
        if name in but or date_in_name(name):
            continue
        head = values[:HEAD].combine_chunks()
        if are_decimals(head):
            if numbers and not (thousands and may_be_thousands(head)):
                types[name] = pa.float64()
        elif pc.count_distinct(values).as_py() <= MOST_DIFFERENT * len(values):
            types[name] = pa.dictionary(pa.int32(), pa.string())
    return types
