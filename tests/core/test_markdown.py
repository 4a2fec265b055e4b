"""A report shows names from data as they are, whatever Markdown or HTML they hold."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlfw.pipeline.markdown import plain, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>"),
        ("</table><!-- a", "&lt;/table>&lt;!-- a"),
        ("[a](javascript:alert(1))", r"[a\](javascript:alert(1))"),
        ("![a](http://b/c.png)", r"![a\](http://b/c.png)"),
        ("[a]: javascript:b", r"[a\]: javascript:b"),
        ("\\[a](b)", r"\\[a\](b)"),
        ("&lt;script&#62;", "&amp;lt;script&amp;#62;"),
        ("a\n\n# b\r\n| c", "a # b | c"),
        ("\x1b[31mred", "\\\\x1b[31mred".replace("\\\\", "\\")),
        ("a < b & c > d, x_y, C:\\dir", "a < b & c > d, x_y, C:\\dir"),
        ("dataset.drop=[a,b]", "dataset.drop=[a,b]"),
    ],
)
def test_text_in_a_report_is_no_markup(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), min_size=1, max_size=4))
def test_a_table_has_a_line_for_each_row_and_a_cell_for_each_column(
    rows: list[list[str]],
) -> None:
    lines = table(["a", "b"], rows)

    assert len("\n".join(lines).splitlines()) == len(rows) + 2
    for line in lines:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3
        assert not re.search(r"<[A-Za-z/!?]", line)
