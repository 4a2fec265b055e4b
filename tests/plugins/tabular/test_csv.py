"""How a CSV file is written is found out from its beginning, or said."""

# ruff: noqa: RUF001 - letters of many languages
from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import UserError
from mlfw_tabular.csv import Csv
from mlfw_tabular.encoding import find_encoding

PEOPLE = {
    "cp1252": "nom,ville\nRené,Besançon\nHélène,Orléans\nÉlodie,Nîmes\n",
    "cp1250": "imię,miasto\nŁukasz,Łódź\nZbigniew,Kraków\nŚwiatosław,Gdańsk\nPaweł,Wrocław\n",
    "cp1251": "имя,город\nИван,Москва\nМария,Санкт-Петербург\nАлексей,Новосибирск\n",
    "cp1253": "όνομα,πόλη\nΓιώργος,Αθήνα\nΜαρία,Θεσσαλονίκη\n",
    "cp932": "名前,都市\n田中さん,東京\n鈴木さん,大阪\nありがとうございます,京都\n",
    "gb18030": "姓名,城市\n张伟,北京\n王芳,上海\n李娜,广州\n",
    "cp949": "이름,도시\n김철수,서울\n이영희,부산\n",
    "koi8_r": "имя,город\nИван,Москва\nМария,Санкт-Петербург\nАлексей,Новосибирск\n",
    "utf-8": "name,größe\nMüller,5\n",
    "utf-8-sig": "name,größe\nMüller,5\n",
    "utf-16": "name,größe\nMüller,5\n",
    "utf-16-le": "name,größe\nMüller,5\n",
    "utf-16-be": "name,größe\nMüller,5\n",
    "utf-32": "name,größe\nMüller,5\n",
}


def read(folder: Path, content: str | bytes, name: str = "data.csv", **options: object) -> Csv:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Csv(path=[str(path)], **options)  # type: ignore[arg-type]


def rows(dataset: Csv) -> list[list[str]]:
    table = dataset.table()
    return [table.column_names, *map(list, zip(*table.to_pydict().values(), strict=True))]


@pytest.mark.parametrize("encoding", PEOPLE)
def test_the_encoding_is_found_out(encoding: str, tmp_path: Path) -> None:
    text = PEOPLE[encoding]

    found = rows(read(tmp_path, text.encode(encoding)))

    assert found == [line.split(",") for line in text.splitlines()]


def test_one_sign_of_a_currency_is_no_cyrillic(tmp_path: Path) -> None:
    assert rows(read(tmp_path, "a,b\n1,7€\n".encode("cp1252"))) == [["a", "b"], ["1", "7€"]]


def test_what_is_not_ascii_may_come_late(tmp_path: Path) -> None:
    text = "a,b\n" + "1,2\n" * 500_000 + "1,größer\n"

    for encoding in ("utf-8", "latin-1"):
        table = read(tmp_path, text.encode(encoding)).table()
        assert table["b"][-1].as_py() == "größer"


def test_an_encoding_that_is_said_is_not_doubted(tmp_path: Path) -> None:
    table = read(tmp_path, "a,b\n1,ü\n", encoding="latin-1").table()

    assert table["b"].to_pylist() == ["Ã¼"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b\n1,5;2\n2,5;3\n", [["a", "b"], ["1,5", "2"], ["2,5", "3"]]),
        ("1,5;2,5\n3,5;4,5\n", [["column_1", "column_2"], ["1,5", "2,5"], ["3,5", "4,5"]]),
        ("a\tb\nx, y\tz\nq\tr\n", [["a", "b"], ["x, y", "z"], ["q", "r"]]),
        ("a|b\n1|2\n", [["a", "b"], ["1", "2"]]),
        ("a,b\nx;y;z,1\nu,2\n", [["a", "b"], ["x;y;z", "1"], ["u", "2"]]),
        ('"a;b","c"\n"1;2","3"\n', [["a;b", "c"], ["1;2", "3"]]),
        ("a,b\n'x, y',1\n'z',2\n", [["a", "b"], ["x, y", "1"], ["z", "2"]]),
        ("a,b\n'tis,1\nit's,2\n", [["a", "b"], ["'tis", "1"], ["it's", "2"]]),
        ('a,b\n"x\ny",1\nz,2\n', [["a", "b"], ["x\ny", "1"], ["z", "2"]]),
        ('"a\nb",c\n1,2\n', [["a\nb", "c"], ["1", "2"]]),
        ('a,b\n1,"x\ny"\n', [["a", "b"], ["1", "x\ny"]]),
        ('a,b\n"say ""hi""",1\n', [["a", "b"], ['say "hi"', "1"]]),
        ("a\n1\n2\n", [["a"], ["1"], ["2"]]),
        ("\n\na,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
        ("a,b\r1,2\r", [["a", "b"], ["1", "2"]]),
        (" a , b\n1,2\n", [["a", "b"], ["1", "2"]]),
        (",b\n1,2\n", [["column_1", "b"], ["1", "2"]]),
    ],
)
def test_the_way_it_is_written_is_found_out(
    text: str, expected: list[list[str]], tmp_path: Path
) -> None:
    assert rows(read(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("size,colour\n1,red\n2,blue\n", True),
        ("1,red\n2,blue\n", False),
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n", False),
        ("red,big\nblue,small\n", True),
        ("country,2019,2020,2021\nFR,1.5,2.5,3.5\nDE,2.5,3.5,4.5\n", True),
        ("0,1,2\n0.5,1.5,2.5\n", True),
        ("when,what\n2024-01-01,x\n", True),
        ("2024-01-01,x\n2024-01-02,y\n", False),
        ("a,b\n,\n1,\n", True),
        ("NA,3\n1,4\n", False),
        ("1,2\n", True),
    ],
)
def test_a_header_is_told_from_rows(text: str, header: bool, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(text)

    names = Csv().read(tmp_path / "data.csv").column_names

    assert (names[0] != "column_1") is header


def test_a_header_may_be_said_to_be_there_or_not(tmp_path: Path) -> None:
    assert rows(read(tmp_path, "1,2\n3,4\n", header=True)) == [["1", "2"], ["3", "4"]]
    assert rows(read(tmp_path, "a,b\n", header=False)) == [["column_1", "column_2"], ["a", "b"]]


def test_what_is_said_wins_over_what_is_found(tmp_path: Path) -> None:
    text = "a;b,c\n1;'2,3\n"

    assert rows(read(tmp_path, text, delimiter=";")) == [["a", "b,c"], ["1", "'2,3"]]
    assert rows(read(tmp_path, 'a,b\n"1,2\n', quote="")) == [["a", "b"], ['"1', "2"]]
    for tab in ("\t", "\\t", "tab"):
        assert rows(read(tmp_path, "a,a\tb,b\n1\t2\n", delimiter=tab))[1] == ["1", "2"]


def test_a_tsv_file_has_tabs(tmp_path: Path) -> None:
    assert rows(read(tmp_path, "a\tb,c,d\n1\t2,3,4\n", "data.tsv"))[0] == ["a", "b,c,d"]


def test_a_compressed_file_is_read_and_written(tmp_path: Path) -> None:
    parts = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n")
    dataset = read(tmp_path, parts, "data.csv.gz")

    table = dataset.table()
    dataset.write(table, tmp_path / "out.csv.gz")

    assert table["b"].to_pylist() == ["2", "4"]
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()) == b"a,b\n1,2\n3,4\n"


def test_a_row_longer_than_a_block_is_read(tmp_path: Path) -> None:
    long = "x" * 3_000_000

    table = read(tmp_path, f'a,b\n1,2\n3,"{long}"\n').table()

    assert table["b"].to_pylist() == ["2", long]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b\n1,"x\n2,y\n3,z\n', 2),
        ('a,b\n1,x\n2,"y\n3,z', 3),
        ('a,b\n1,"x\n2,y\n3,z\n\n\n', 2),
        ('a,b\n1,x\n2,"y\n' + "3,z\n" * 700_000, 3),
        ('a,b\n1,x\n"2,y\n3,z\n', 3),
        ('a,b\n1,x\n2,"y\n3,z\n4,"u"\n5,v\n', 3),
    ],
)
def test_rows_swallowed_by_a_quote_are_not_lost_unsaid(
    text: str, line: int, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=f"line {line}: the quote .* not closed"):
        read(tmp_path, text).table()


def test_a_ragged_row_of_several_lines_is_no_open_quote(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="line 3: expected 2 values, found 3"):
        read(tmp_path, 'a,b\n1,2\n1,"x\ny",3\n').table()


VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\n\t"),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(
    table=st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(VALUES, min_size=width, max_size=width), min_size=1, max_size=6
        )
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quote=st.sampled_from(['"', "'"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
)
def test_whatever_is_written_in_a_known_way_is_read_back(
    table: list[list[str]],
    delimiter: str,
    quote: str,
    encoding: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    names = [f"name{index}" for index in range(len(table[0]))]
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(
            file, delimiter=delimiter, quotechar=quote, quoting=csv.QUOTE_ALL, lineterminator="\n"
        )
        writer.writerows([names, *table])

    dataset = Csv(
        path=[str(path)], delimiter=delimiter, quote=quote, encoding=encoding, header=True
    )

    assert rows(dataset) == [names, *table]


@settings(max_examples=40, deadline=None)
@given(
    numbers=st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.integers(0, 99), st.sampled_from(["red", "dark blue"])),
        min_size=3,
        max_size=9,
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-16", "latin-1"]),
    header=st.booleans(),
)
def test_an_ordinary_table_is_read_whichever_way_it_is_written(
    numbers: list[tuple[float, int, str]],
    delimiter: str,
    encoding: str,
    header: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    names = ["Größe", "count", "colour"] if header else ["column_1", "column_2", "column_3"]
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([names] * header + [list(map(str, row)) for row in numbers])

    assert rows(Csv(path=[str(path)])) == [names, *([str(v) for v in row] for row in numbers)]


def test_the_encoding_is_found_fast_in_one_long_line() -> None:
    assert find_encoding(b"1," * 2_000_000) == "utf-8"


@pytest.mark.parametrize("text", ["size,good", "\n\nsize,good", 'size,"good"', "size,good\n"])
def test_a_header_without_rows_is_read_whether_its_line_ends_or_not(
    text: str, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text(text)

    assert Csv().read(tmp_path / "rows.csv").to_pydict() == {"size": [], "good": []}
