"""Work on all columns of a table, in threads, told of and without holding the table twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from mlfw.components.dataset import Progress
from mlfw.components.megabytes import tell_megabytes
from mlfw_tabular.threads import in_threads

if TYPE_CHECKING:
    import pyarrow as pa

Result = TypeVar("Result")


def each_column(
    function: Callable[[str, pa.ChunkedArray], Result],
    columns: dict[str, pa.ChunkedArray],
    progress: Progress,
    doing: str,
) -> dict[str, Result]:
    """Return what a function makes of each column, in the columns' order.

    Large columns come first, so that no thread is left with one of them when the others are done.

    Args:
        function: Takes a column's name and values, which nobody else holds any longer.
        columns: Columns of the same length, by name; each is taken out before its turn.
        progress: Whom to tell how much is done.
        doing: What is done, in a word or two.
    """
    sizes = {name: values.nbytes for name, values in columns.items()}
    count = sum(map(len, columns.values()))
    total, done = sum(sizes.values()), 0

    def told(name: str) -> None:
        nonlocal done
        done += sizes[name]
        tell_megabytes(progress, done, total, doing)

    largest_first = sorted(sizes, key=sizes.__getitem__, reverse=True)
    found = in_threads(lambda name: function(name, columns.pop(name)), largest_first, count, told)
    results = dict(zip(largest_first, found, strict=True))
    return {name: results[name] for name in sizes}
