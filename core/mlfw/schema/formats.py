"""How a column's values are written as text: the tokens that `Column.format` may hold.

- of a number a picture, as `mlfw.schema.numerals` reads it: `#,###.#`, `$#,###.#`, `#.###,# €`,
  `# ###,#`, `#.#%`, `#.# km/h`, `#.#[kMBT]`; or of a duration in seconds a template, as
  `mlfw.schema.durations` reads it: `%H:%M:%S`, `%Hh %Mm`; empty for plain numbers such as -1.5e3;
- of a date or a time of day a template, as `mlfw.schema.dates` reads it: `%d.%m.%Y`, `%Y-%m`,
  `%H:%M`; empty for ISO 8601;
- of labels what stands between two of them: `;`;
- empty for every other kind.

What is written in the usual way is understood beside the form that a token names: plain numbers,
ISO dates. Where both readings of a number are possible, the token's holds: `1.234` is 1234 by
`#.###,#`.
"""

from __future__ import annotations

from mlfw.schema.dates import date_pattern
from mlfw.schema.durations import duration_pattern, is_duration
from mlfw.schema.kinds import Kind
from mlfw.schema.numerals import picture


def check_format(kind: Kind, written: str) -> None:
    """Check that a kind can be written so.

    Raises:
        ValueError: It cannot; says what is expected.
    """
    if not written or kind is Kind.labels:
        return
    if kind is Kind.number and is_duration(written):
        duration_pattern(written)
    elif kind is Kind.number:
        picture(written)
    elif kind is Kind.datetime:
        date_pattern(written)
    else:
        raise ValueError(f"a {kind} has no other written form than its usual one")
