"""Inferring what each column holds, how it is written, and what is to be predicted.

What columns are follows from the rows that have every target: a line of averages at the end of a
file has none.

A column of a typed source keeps its type, but whole numbers that are all 0 or 1, both of which
occur, are booleans, durations are numbers in seconds, times of day are datetimes `%H:%M:%S`, and
bytes that are no image are categories. A column of text is, by all its values, blanks around them
and the words for a missing value apart, the first of these that fits:

1. boolean: true, false, yes, no, y, n, t, f, on, off, 1 and 0 in any case; of 1 and 0 alone both
   have to occur.
2. datetime `%Y%m%d`: 20241231, from 1900 to 2099, if the column's name holds date, day or datum.
3. number: -1.5, 3e4. Where one begins with a zero that a code would have (007), none of them is
   a number, and the column is a category; unless the first 1000 values all have decimal points.
4. number by a picture: thousands' marks, a decimal comma, one currency or percent sign, a negative
   in parentheses: `$1,234.50` is `$#,###.#`, `1.234,5 €` is `#.###,# €`. `12%` is 12. What could be
   thousands or decimals (1,234) is thousands; dots are European with €, EUR, CHF and their like.
5. datetime in ISO 8601, with or without time and zone.
6. datetime by a template: times of day (`%H:%M`, told, as they may be durations), months, quarters
   and weeks (`%Y-%m`, `%YQ%q`, `%G-W%V`), and days with or without time and zone: 31.12.2024,
   31/12/2024, 12/31/2024, 2024/12/31, 31-12-2024, 31-Dec-2024, 31 Dec 2024, Dec 31, 2024, and
   years of two digits. Which of two numbers is the day is found from those over 12. Where none is,
   the month comes first with slashes, the day with dots and dashes, and a note says so.
7. number by the template of a duration, in seconds: 30:15:00, 95:30, 2h 50m.
8. number with a unit, the same in all rows, which is told: `1248 CC` is `#,###.# CC`; or with k, M,
   B or T for thousands and more, in some rows or all: `103k` is `#,###.#[kMBT]`, 103000.
9. text: most values differ and have three words or more on average.
10. category: everything else, such as names, addresses of pages and codes.

Where words such as `-`, `#N/A` or `unknown` stand among values that are all one of 1 to 8, they are
taken as missing, which is told; so are up to three other words, in two rows or more each, among ten
different numbers or dates or more. Whole numbers beyond 2 ** 53 are a category where different ones
would become the same number, and as classes of a target.

Whether 1,234 is thousands or decimals is decided by the table's other columns, then by semicolons
between its values, which speak for decimal commas; what was taken is told.

A target differs in this: words for a boolean stay words and are classes, text is classes, 0 and 1
are numbers, and strings that hold several pieces, which recur in other combinations, are labels
with `;` or `|` between them. Words that mean a missing value, such as None and NA, are classes
where a person says that the target is a category, or where more than half of the rows have them and
the other values are classes too.

The first values only ever rule a form out; what a column is, all its values say.
"""

from mlfw_tabular.infer.columns import infer_column
from mlfw_tabular.infer.inferred import Inferred
from mlfw_tabular.infer.labels import infer_labels
from mlfw_tabular.infer.overrides import parse_override
from mlfw_tabular.infer.table import Source, infer_and_cast, infer_and_cast_all, infer_as
from mlfw_tabular.infer.target import infer_target
from mlfw_tabular.infer.task import infer_task

__all__ = [
    "Inferred",
    "Source",
    "infer_and_cast",
    "infer_and_cast_all",
    "infer_as",
    "infer_column",
    "infer_labels",
    "infer_target",
    "infer_task",
    "parse_override",
]
