"""The line that names the columns is found wherever it stands, or said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlfw import LoadContext, UserError
from mlfw.pipeline.row_files import read_rows
from mlfw.plugins import load_plugins
from mlfw_tabular.csv import Csv

ROWS = "".join(f"{i % 7},{'ab'[i % 2]},{('low', 'high')[i % 3 % 2]}\n" for i in range(24))
TABLE = f"size,kind,price\n{ROWS}"


def dataset(folder: Path, content: str | bytes, **options: object) -> Csv:
    path = folder / "data.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Csv(path=[str(path)], **options)  # type: ignore[arg-type]


def names(folder: Path, content: str | bytes, **options: object) -> list[str]:
    return list(dataset(folder, content, **options).table().column_names)


def numbered(rows: str, key: str = '"{}",') -> str:
    return "".join(key.format(i) + row for i, row in enumerate(rows.splitlines(True), 1))


@pytest.mark.parametrize(
    "content",
    [
        "sep=,\n" + TABLE,
        '"sep=,"\r\n' + TABLE.replace("\n", "\r\n"),
        "sep=;\n" + TABLE.replace(",", ";"),
        "SEP=\t\r" + TABLE.replace(",", "\t").replace("\n", "\r"),
        "sep=^\n" + TABLE.replace(",", "^"),
        b"\xef\xbb\xbf" + ("sep=;\r\n" + TABLE.replace(",", ";")).encode(),
        ("sep=;\r\n" + TABLE.replace(",", ";")).encode("utf-16"),
        "sep=;\nSales\n\n" + TABLE.replace(",", ";"),
        "Sales of May\n" + TABLE,
        "Sales of May,,\nprinted on,2024-05-31,\n,,\n" + TABLE,
        "Sales of May\n\n\n" + TABLE,
        '"Sales\nof May, in EUR"\n' + TABLE,
        "Sales, in EUR, of May, by country\n" + TABLE,
        "# by a tool\n# version 2, of May\n#\n" + TABLE,
        "# by, a, tool\n" + TABLE,
        "\n" + TABLE,
    ],
)
def test_lines_above_the_header_are_skipped(content: str | bytes, tmp_path: Path) -> None:
    table = dataset(tmp_path, content).table()

    assert table.column_names == ["size", "kind", "price"]
    assert table.num_rows == 24
    assert table["price"][:2].to_pylist() == ["low", "high"]


def test_what_is_skipped_is_said_with_the_key_that_reads_it(tmp_path: Path) -> None:
    data = dataset(tmp_path, "Sales of May\n\n" + TABLE, target=["price"])

    (note,) = [each for each in data.load(LoadContext()).findings if each.check == "reading"]

    assert "lines 1 to 2" in note.message
    assert "Sales of May" in note.message
    assert "dataset.skip=0" in note.remedy


def test_a_title_of_words_above_words_is_skipped_where_the_target_stands_below(
    tmp_path: Path,
) -> None:
    text = "Reviews\nreview,stars\n" + "fine,good\npoor,bad\n" * 9

    assert names(tmp_path, text, target=["stars"]) == ["review", "stars"]


def test_a_header_may_begin_with_a_hash(tmp_path: Path) -> None:
    assert names(tmp_path, "#" + TABLE) == ["#size", "kind", "price"]
    assert names(tmp_path, "# by a tool\n#" + TABLE) == ["#size", "kind", "price"]
    assert names(tmp_path, "#one,two\n" + "red,big\nblue,small\n" * 5) == ["#one", "two"]


@pytest.mark.parametrize(
    ("skip", "content"),
    [(0, TABLE), (1, "what,ever,this\n" + TABLE), (3, "a\nb,c\n'd,\n" + TABLE)],
)
def test_the_lines_to_skip_can_be_said(skip: int, content: str, tmp_path: Path) -> None:
    assert names(tmp_path, content, skip=skip) == ["size", "kind", "price"]


def test_lines_of_another_form_are_not_skipped_where_no_header_follows(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(?s)line 2: expected 1 value, found 3.*dataset\.skip=1"):
        names(tmp_path, "Sales\n" + ROWS)
    with pytest.raises(UserError, match="line 2: expected 4 values, found 3"):
        names(tmp_path, "size,kind,price,more\n" + ROWS)
    with pytest.raises(UserError, match="after the first 99"):
        names(tmp_path, TABLE, skip=99)


def test_a_target_that_is_not_there_is_answered_with_the_keys_of_the_header(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"dataset\.skip=1 dataset\.header=true"):
        dataset(tmp_path, ROWS, target=["price"]).load(LoadContext())


@pytest.mark.parametrize("key", ['"{}",', "{},", '"car {}",'])
def test_a_header_of_r_leaves_out_the_row_names(key: str, tmp_path: Path) -> None:
    data = dataset(tmp_path, "size,kind,price\n" + numbered(ROWS, key), target=["price"])

    table = data.table()

    assert table.column_names == ["row_name", "size", "kind", "price"]
    assert table.num_rows == 24
    assert table["kind"][:2].to_pylist() == ["a", "b"]
    assert "the header has 3 names, the rows have 4 values" in data.notes()[0].message


def test_row_names_below_a_title_and_with_other_delimiters_are_understood(tmp_path: Path) -> None:
    text = "# by R\n" + ("size,kind,price\n" + numbered(ROWS)).replace(",", "\t")

    assert names(tmp_path, text) == ["row_name", "size", "kind", "price"]


def test_delimiters_at_the_ends_of_rows_make_an_empty_last_column(tmp_path: Path) -> None:
    table = dataset(tmp_path, "size,kind,price\n" + ROWS.replace("\n", ",\n")).table()

    assert table.column_names == ["size", "kind", "price", "column_4"]
    assert table["size"][:3].to_pylist() == ["0", "1", "2"]


def test_rows_with_one_value_more_are_no_row_names_where_these_recur(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="line 2: expected 3 values, found 4"):
        names(tmp_path, "size,kind,price\n" + numbered(ROWS, "x,"))


FLOATS = "".join(f"{i}.5,{i * 3 % 7}.25,{i % 5}.75\n" for i in range(12))
WHOLE = "".join(f"{i * 7 % 11},{i * 5 % 13},{i * 3 % 17}\n" for i in range(12))


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("1952,1957,1962", FLOATS),
        ("1990,2000,2005", WHOLE),
        ("2007,1997,1987", WHOLE),
        ("10,20,30", FLOATS),
        ("17,3,25", FLOATS),
        ("2020-03-31,2020-06-30,2020-09-30", FLOATS),
        ("31.3.2020,30.6.2020,30.9.2020", FLOATS),
        ("7001,7350,9002", WHOLE),
    ],
)
def test_numbers_that_differ_from_the_rows_below_are_names(
    header: str, rows: str, tmp_path: Path
) -> None:
    assert names(tmp_path, f"{header}\n{rows}") == header.split(",")


@pytest.mark.parametrize(
    "rows",
    [
        FLOATS,
        WHOLE,
        "".join(f"{i},{i + 1},{i + 2}\n" for i in range(9)),
        "".join(f"{2000 + i},{2001 + i}\n" for i in range(9)),
        "".join(f"2024-01-{i + 1:02},{i}\n" for i in range(9)),
        "0,0\n" + "".join(f"0.{i},1.{i}\n" for i in range(1, 9)),
        "5.1,3.5,1.4\n4.9,3,1.4\n",
    ],
)
def test_numbers_that_go_on_below_are_no_names(rows: str, tmp_path: Path) -> None:
    assert names(tmp_path, rows)[0] == "column_1"


def test_the_line_that_holds_the_target_is_the_header(tmp_path: Path) -> None:
    rows = "".join(f"{1900 + i * 7 % 99},{1800 + i * 5 % 99},a\n" for i in range(9))

    assert names(tmp_path, "1985,1880,4\n" + rows.replace("a", "3"))[0] == "column_1"
    for target in ("1985", "1880"):
        text = "1985,1880,4\n" + rows.replace("a", "3")
        assert names(tmp_path, text, target=[target]) == ["1985", "1880", "4"]


def test_a_value_that_is_named_as_the_target_is_no_header(tmp_path: Path) -> None:
    assert names(tmp_path, TABLE, target=["low"]) == ["size", "kind", "price"]


QUOTED = "".join(f'"they said \\"fine {i}\\"{",x"[i % 2 * 2 :]} to me",{i},low\n' for i in range(9))


def test_quotes_escaped_by_a_backslash_are_read_by_the_key_that_the_message_names(
    tmp_path: Path,
) -> None:
    for rows in (QUOTED, QUOTED.replace(",x", "")):
        text = "review,size,price\n" + rows
        with pytest.raises(UserError, match=r"(?s)line 2: .*Type: dataset\.escape=backslash"):
            names(tmp_path, text)
        for escape in ("backslash", "\\"):
            table = dataset(tmp_path, text, escape=escape).table()
            assert table["review"][1].as_py() == 'they said "fine 1" to me'
            assert table["size"].to_pylist() == [str(i) for i in range(9)]


def test_delimiters_escaped_by_a_backslash_are_read_by_the_key_that_the_message_names(
    tmp_path: Path,
) -> None:
    text = "size,note,y\n" + "".join(f"{i},small\\, red,{'ab'[i % 2]}\n" for i in range(9))

    with pytest.raises(UserError, match=r"(?s)line 2: .*Type: dataset\.escape=backslash"):
        dataset(tmp_path, text).table()
    table = dataset(tmp_path, text, escape="backslash").table()
    assert table["note"][0].as_py() == "small, red"


def test_single_quotes_escaped_by_a_backslash_are_read_by_the_key_that_the_message_names(
    tmp_path: Path,
) -> None:
    text = "'size','note','y'\n" + "".join(f"'{i}','it\\'s, red','b'\n" for i in range(9))

    with pytest.raises(UserError, match=r"Type: dataset\.escape=backslash"):
        dataset(tmp_path, text).table()
    table = dataset(tmp_path, text, escape="backslash").table()
    assert table["note"][0].as_py() == "it's, red"


@pytest.mark.parametrize(
    ("mark", "hint"),
    [
        ("^", "'dataset.delimiter=\"^\"'"),
        (" ", "'dataset.delimiter=\" \"'"),
        (":", "'dataset.delimiter=\":\"'"),
    ],
)
def test_a_delimiter_that_is_not_found_out_is_named_where_the_target_is_not_found(
    mark: str, hint: str, tmp_path: Path
) -> None:
    data = dataset(tmp_path, TABLE.replace(",", mark), target=["price"])

    with pytest.raises(UserError, match=re.escape(hint)):
        data.load(LoadContext())
    data = dataset(tmp_path, TABLE.replace(",", mark), delimiter=mark, target=["price"])
    assert data.table().column_names == ["size", "kind", "price"]


def test_a_backslash_before_the_end_of_a_value_is_a_backslash(tmp_path: Path) -> None:
    table = dataset(tmp_path, 'place,name\n"C:\\temp\\","a ""b"" \\ c"\n').table()

    assert table.to_pylist() == [{"place": "C:\\temp\\", "name": 'a "b" \\ c'}]


def test_an_escape_is_one_character(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"dataset\.escape.*one character"):
        Csv(escape="ab").check()


def test_a_file_to_be_predicted_has_the_header_that_the_model_knows(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("30,1,20\n7,8,9\n")
    registry = load_plugins().registry
    notes: list[str] = []

    known = read_rows(path, registry, names=["1", "20", "30", "label"], noted=notes.append)
    unknown = read_rows(path, registry)
    path.write_text("As of May\n30,1,20\n7,8,9\n")
    titled = read_rows(path, registry, names=["1", "20", "30", "label"], noted=notes.append)

    assert known.to_pylist() == titled.to_pylist() == [{"30": "7", "1": "8", "20": "9"}]
    assert unknown.num_rows == 2
    assert notes == ["new.csv: line 1 is no part of the table ('As of May')."]


@pytest.mark.parametrize("rows", [QUOTED, "1,2\n", "\0\0,2,3\n", '"a,2,3\n'])
def test_no_key_of_a_run_is_advised_for_a_file_to_be_predicted(rows: str, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("review,size,price\n" + rows)

    with pytest.raises(UserError) as caught:
        Csv().read(path)

    assert "dataset" not in str(caught.value)
    assert "that the model was trained on" in caught.value.remedy
