"""Every file that is not as it should be is read rightly, or refused with place and remedy."""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as pf
import pyarrow.parquet as pq
import pytest

from conftest import Mlfw
from mlfw import LoadContext, Splits, UserError
from mlfw_tabular.csv import Csv
from mlfw_tabular.jsonl import JsonLines
from mlfw_tabular.parquet import Parquet

ROWS = [(i, ("red", "green", "blue")[i % 3], "good" if i % 2 else "bad") for i in range(40)]
TABLE = pa.table(
    {
        "size": [row[0] for row in ROWS],
        "colour": [row[1] for row in ROWS],
        "good": [row[2] for row in ROWS],
    }
)
HEAD = "size,colour,good\n"
BODY = "".join(f"{a},{b},{c}\n" for a, b, c in ROWS)
LINES = [json.dumps({"size": a, "colour": b, "good": c}) for a, b, c in ROWS]

Write = Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """A file, how it is read, and what the answer holds; nothing where it is read rightly."""

    content: str | bytes | Write
    answer: tuple[str, ...] = ()
    name: str = "data.csv"
    options: tuple[str, ...] = ()


def body(change: Callable[[int, str], str]) -> str:
    """Return the rows, each changed."""
    return "".join(change(number, line) for number, line in enumerate(BODY.splitlines(True), 2))


def sizes(change: Callable[[int], str]) -> str:
    """Return the rows, each with another size."""
    return body(lambda i, line: change(i) + line.lstrip("0123456789"))


def on_line(number: int, text: str) -> str:
    """Return the file with another text on one line."""
    return HEAD + body(lambda i, line: text if i == number else line)


def parquet(table: pa.Table, damage: Callable[[bytes], bytes] = bytes) -> bytes:
    """Return a table as Parquet, damaged."""
    out = io.BytesIO()
    pq.write_table(table, out)
    return damage(out.getvalue())


def workbook() -> bytes:
    """Return what an Excel workbook begins with."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()


def archive() -> bytes:
    """Return a zip archive of the table."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("data.csv", HEAD + BODY)
    return out.getvalue()


def database(path: Path) -> None:
    """Write an SQLite database."""
    with sqlite3.connect(path) as connection:
        connection.execute("create table data (size)")


def in_two(second: str) -> Write:
    """Return what writes two files, one of them with other columns."""

    def write(path: Path) -> None:
        path.with_name("a.csv").write_text(HEAD + BODY)
        path.with_name("b.csv").write_text(second)

    return write


GZ = gzip.compress((HEAD + BODY).encode())
FILES = "dataset.path=[a.csv,b.csv]"
PQ = "data.parquet"
JL = "data.jsonl"

CASES = {
    # Nothing in it.
    "empty": Case("", ("data.csv", "empty")),
    "header only": Case(HEAD, ("data.csv", "no rows", "size, colour, good")),
    "blank lines only": Case("\n\n\r\n\n", ("data.csv", "line 1", "blank lines")),
    "spaces only": Case("   \n  \n", ("data.csv", "line 1", "blank lines")),
    "byte order mark only": Case(b"\xef\xbb\xbf", ("data.csv", "line 1", "blank")),
    "empty, compressed": Case(gzip.compress(b""), ("data.csv.gz", "empty"), "data.csv.gz"),
    "header of commas": Case(",,\n1,2,3\n", ("line 1", "names", "dataset.header=false")),
    # Too little in it.
    "one row": Case(HEAD + "1,red,good\n", ("good", "only one class")),
    "only the target": Case("good\n" + "bad\ngood\n" * 20, ("data.csv", "no column is left")),
    "one column": Case("size\n1\n2\n", ("no column 'good'", "size")),
    "a target without values": Case(HEAD + "1,red,\n2,red,NaN\n3,red,NA\n", ("'good'", "3 rows")),
    "one class": Case(HEAD + "1,red,good\n" * 9, ("good", "only one class", "another target")),
    "a target of distinct words": Case(
        HEAD + "".join(f"{i},red,word{i}\n" for i in range(40)), ("good", "40 different values")
    ),
    # Encodings.
    "UTF-16": Case((HEAD + BODY).encode("utf-16")),
    "UTF-16 without a mark": Case((HEAD + BODY).encode("utf-16-le")),
    "UTF-16 cut in a character": Case(
        (HEAD + BODY).encode("utf-16")[:-1], ("data.csv", "line 41", "utf-16")
    ),
    "Latin-1": Case(on_line(9, "7,grün,good\n").encode("latin-1")),
    "broken UTF-8": Case(
        on_line(9, "7,grün,good\n").encode() + b"8,gr\xfcn,good\n9,gr\xc3\xbcn,bad\n",
        ("data.csv", "line 42", "utf-8", "0xfc", "dataset.encoding"),
    ),
    "NUL bytes": Case(on_line(5, "3,re\0d,good\n"), ("data.csv", "line 5", "NUL")),
    "a wrong encoding given": Case(
        on_line(9, "7,grün,good\n"),
        ("line 9", "ascii", "0xc3"),
        options=("dataset.encoding=ascii",),
    ),
    "UTF-16 given for UTF-8": Case(
        HEAD + BODY, ("data.csv", "dataset.encoding=utf-16"), options=("dataset.encoding=utf-16",)
    ),
    "UTF-8 given for UTF-16": Case(
        (HEAD + BODY).encode("utf-16-le"), ("line 1",), options=("dataset.encoding=utf-8",)
    ),
    "an unknown encoding given": Case(
        HEAD + BODY, ("dataset.encoding", "utf8x"), options=("dataset.encoding=utf8x",)
    ),
    # Lines.
    "a row cut short": Case(on_line(7, "5,red\n"), ("line 7", "expected 3 values, found 2")),
    "a row too long": Case(on_line(7, "5,red,good,x\n"), ("line 7", "expected 3", "found 4")),
    "a row too long, far down": Case(
        HEAD + BODY * 2000 + "1,2\n", ("line 80002", "expected 3 values, found 2")
    ),
    "a quote never closed": Case(
        on_line(7, '5,red,"good\n'), ("data.csv", "line 7", "not closed", "dataset.quote=")
    ),
    "a quote never closed, in the middle": Case(
        on_line(7, '5,"red,good\n'), ("data.csv", "line 7", "not closed")
    ),
    "no quotes but inches": Case(on_line(7, '5,"red,good\n'), options=("dataset.quote=",)),
    "line ends of old": Case((HEAD + BODY).replace("\n", "\r")),
    "blank lines among the rows": Case("\n\n" + HEAD + BODY.replace("\n", "\n\n")),
    "a wrong delimiter given": Case(
        HEAD + BODY, ("no column 'good'", "size,colour,good"), options=("dataset.delimiter=;",)
    ),
    "a delimiter that is none": Case(
        HEAD + BODY, ("dataset.delimiter", "one character"), options=("dataset.delimiter=ab",)
    ),
    # Columns.
    "a header twice": Case("size,size,good\n1,2,a\n", ("line 1", "'size'", "twice")),
    "a header of empty names": Case(
        HEAD.replace("colour", "") + BODY, options=("dataset.columns.column_2=category",)
    ),
    "no header": Case(BODY, ("no column 'good'", "column_1, column_2, column_3")),
    "a column without a value": Case(HEAD + body(lambda i, line: f"{i},,{line.split(',')[2]}")),
    "infinite numbers": Case(on_line(7, "inf,red,good\n").replace("\n9,", "\n-Infinity,")),
    "huge integers": Case(HEAD + sizes(lambda i: f"{i}{'0' * 40}")),
    "mixed dates": Case(HEAD + sizes(lambda i: "2024-01-02" if i % 3 else "2/1/24")),
    "a class of one row": Case(on_line(7, "5,red,ugly\n")),
    "two thousand columns": Case(
        ",".join(f"c{i}" for i in range(2_000))
        + ",good\n"
        + "".join("1," * 1_000 + f"{i}," * 1_000 + f"{i % 2}\n" for i in range(20))
    ),
    # Something else.
    "binary": Case(bytes(range(256)) * 20, ("data.csv", "line 1", "binary", "dataset.encoding")),
    "an Excel workbook": Case(workbook(), ("data.csv", "Excel workbook", "dataset=excel")),
    "a zip archive": Case(archive(), ("data.csv", "zip archive", "unzip")),
    "an HTML page": Case("<!DOCTYPE html>\n<html></html>\n", ("HTML page", "Download")),
    "a Parquet file": Case(parquet(TABLE), ("data.csv", "Parquet", "dataset=parquet")),
    "an Arrow file": Case(lambda path: pf.write_feather(TABLE, path), ("data.csv", "Arrow")),
    "an SQLite database": Case(database, ("data.csv", "SQLite")),
    "JSON lines": Case("\n".join(LINES), ("data.csv", "JSON", "dataset=jsonl")),
    "compressed, without saying so": Case(GZ, ("data.csv", "gzip", ".gz")),
    "compressed": Case(GZ, name="data.csv.gz"),
    "compressed, cut short": Case(GZ[:-40], ("data.csv.gz", "cut short"), "data.csv.gz"),
    "compressed, damaged": Case(
        GZ[:60] + bytes(20) + GZ[80:], ("data.csv.gz", "damaged"), "data.csv.gz"
    ),
    "not compressed": Case(HEAD + BODY, ("data.csv.gz", "not compressed"), "data.csv.gz"),
    # Paths.
    "a folder": Case(lambda path: path.mkdir(), ("data.csv", "is a folder", "*.csv")),
    "a missing file": Case(
        HEAD, ("dat.csv", "no such file", "'data.csv'"), options=("dataset.path=dat.csv",)
    ),
    "a pattern without match": Case(
        HEAD, ("x*.csv", "no file matches", "data.csv"), options=("dataset.path=x*.csv",)
    ),
    "a pattern in no folder": Case(
        HEAD, ("nowhere", "no such folder"), options=("dataset.path=nowhere/*.csv",)
    ),
    "a file named twice": Case(
        HEAD + BODY, ("data.csv", "twice"), options=("dataset.path=[data.csv,data.csv]",)
    ),
    "a link to nothing": Case(
        lambda path: path.symlink_to("nothing"), ("data.csv", "no such file")
    ),
    "files of other columns": Case(
        in_two("size,color,good\n1,red,bad\n"), ("b.csv", "colour", "color"), options=(FILES,)
    ),
    "files of columns in another order": Case(
        in_two("good,size,colour\nbad,1,red\n"), options=(FILES,)
    ),
    "files, one empty": Case(in_two(""), ("b.csv", "empty"), options=(FILES,)),
    "a file learnt from and measured on": Case(
        HEAD + BODY,
        ("dataset.test", "data.csv", "dataset.path"),
        options=("dataset.test=data.csv",),
    ),
    # Parquet.
    "Parquet without a footer": Case(
        parquet(TABLE, lambda content: content[:-20]), (PQ, "not a whole Parquet"), PQ
    ),
    "Parquet cut to its beginning": Case(parquet(TABLE)[:6], (PQ, "not a whole Parquet"), PQ),
    "Parquet with damaged pages": Case(
        parquet(TABLE, lambda content: content[:4] + bytes(200) + content[204:]),
        (PQ, "Parquet"),
        PQ,
    ),
    "Parquet without rows": Case(parquet(TABLE.slice(0, 0)), (PQ, "no rows"), PQ),
    "Parquet without columns": Case(parquet(pa.table({})), (PQ, "no columns"), PQ),
    "Parquet of nested columns": Case(
        parquet(TABLE.append_column("box", pa.array([{"w": 1}] * 40))),
        (PQ, "'box'", "nested", "dataset.drop=[box]"),
        PQ,
    ),
    "streamed Parquet of nested columns": Case(
        parquet(TABLE.append_column("box", pa.array([[1.5]] * 40))),
        (PQ, "'box'", "nested", "dataset.drop=[box]"),
        PQ,
        options=("dataset.stream=true", "model=linear"),
    ),
    "Parquet of nested columns that are dropped": Case(
        parquet(TABLE.append_column("box", pa.array([{"w": 1}] * 40))),
        name=PQ,
        options=("dataset.drop=box",),
    ),
    "Parquet that is CSV": Case(HEAD + BODY, (PQ, "not a whole Parquet"), PQ),
    "a folder without Parquet": Case(lambda path: path.mkdir(), (PQ, "no file", ".parquet"), PQ),
    # JSON lines.
    "JSON broken at line 3": Case(
        "\n".join([*LINES[:2], '{"size": 3,, "good": 1}', *LINES[3:]]),
        (JL, "line 3", "not JSON"),
        JL,
    ),
    "JSON cut short": Case("\n".join(LINES)[:-9], (JL, "line 40", "not JSON"), JL),
    "a JSON array": Case(json.dumps([{"size": 1}]), (JL, "array", "jq"), JL),
    "JSON numbers": Case("1\n2\n", (JL, "line 1", "object"), JL),
    "JSON of changing types": Case(
        "\n".join([*LINES[:2], '{"size": "big", "good": "bad"}', *LINES[3:]]), name=JL
    ),
    "JSON of nested values": Case(
        "\n".join(line.replace("}", ', "box": {"w": 1}}') for line in LINES),
        (JL, "'box'", "nested", "dataset.drop=[box]"),
        JL,
    ),
    "JSON in broken UTF-8": Case(
        "\n".join(LINES).encode() + b'\n{"size": 1, "colour": "gr\xfcn", "good": "bad"}\n',
        (JL, "line 41", "utf-8", "0xfc"),
        JL,
    ),
    "JSON in UTF-16": Case("\n".join(LINES).encode("utf-16"), name=JL),
    "JSON with a key left out": Case("\n".join([*LINES, '{"good": "bad"}']), name=JL),
    "JSON of empty objects": Case("{}\n{}\n", (JL, "no columns"), JL),
    "JSON, compressed, cut short": Case(
        gzip.compress("\n".join(LINES).encode())[:-30], ("gz", "cut short"), "data.jsonl.gz"
    ),
    "JSON, blank": Case("\n\n", (JL, "line 1", "blank"), JL),
}  # fmt: skip


CASES |= {
    "the header again": Case(HEAD + BODY + HEAD + BODY, ("data.csv", "row 41", "header again")),
    "remarks first": Case("# by a tool\n# version 2\n" + HEAD + BODY),
    "a remark last": Case(HEAD + BODY + "# end\n"),
    "a remark between": Case(HEAD + BODY + "# more\n" + BODY, ("data.csv", "line 42", "grep -v")),
    "a pipe": Case(lambda path: os.mkfifo(path), ("is a pipe",)),
    "a link to itself": Case(lambda path: path.symlink_to(path), ("where this link leads",)),
    "a web address": Case(
        BODY,
        ("dataset.path: http://127.0.0.1:9/b.csv", "127.0.0.1:9 cannot be reached"),
        options=("dataset.path=http://127.0.0.1:9/b.csv",),
    ),
    "a target twice": Case(
        HEAD + BODY,
        ("dataset.target", "'good' is named twice"),
        options=("dataset.target=[good,good]",),
    ),
    "times that are words": Case(
        HEAD + BODY, ("split.time=colour", "values such as 'red'"), options=("split.time=colour",)
    ),
}


def write(case: Case, folder: Path) -> None:
    path = folder / case.name
    if callable(case.content):
        case.content(path)
    elif isinstance(case.content, bytes):
        path.write_bytes(case.content)
    else:
        path.write_bytes(case.content.encode())


PLAIN = [name for name, case in CASES.items() if not case.options]
# Of those the command shows nothing else than what is raised.
WHOLE = [*(CASES.keys() - PLAIN), "mixed dates", "compressed", "JSON broken at line 3", "binary"]


@pytest.mark.parametrize("name", PLAIN)
def test_a_bad_file_is_read_rightly_or_refused_with_place_and_remedy(
    name: str, tmp_path: Path
) -> None:
    case = CASES[name]
    write(case, tmp_path)
    kind = {"parquet": Parquet, "jsonl": JsonLines}.get(case.name.split(".")[1], Csv)
    dataset = kind(path=[str(tmp_path / case.name)], target=["good"])

    if not case.answer:
        data = dataset.load(LoadContext())
        assert isinstance(data, Splits)
        assert min(split.num_rows for split in (data.train, data.validation, data.test)) > 0
        return
    with pytest.raises(UserError) as refusal:
        dataset.load(LoadContext())
    for fragment in case.answer:
        assert fragment in str(refusal.value)
    assert refusal.value.remedy


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_run_of_a_bad_file_ends_well_or_with_place_and_remedy(
    name: str, tmp_path: Path, mlfw_here: Mlfw
) -> None:
    case = CASES[name]
    write(case, tmp_path)
    kind = {"parquet": "parquet", "jsonl": "jsonl"}.get(case.name.split(".")[1], "csv")
    given = (f"dataset.path={case.name}", "dataset.target=good", *case.options)

    result = mlfw_here("run", f"dataset={kind}", *given, "model=tree", "run.dir=out")

    assert "Traceback" not in result.stderr + result.stdout
    assert result.returncode == (2 if case.answer else 0), result.stderr
    for fragment in case.answer:
        assert fragment in result.stderr
    if case.answer:
        message, _, remedy = result.stderr[result.stderr.index("mlfw: ") :].partition("\n  ")
        assert remedy.strip(), message


def test_a_file_of_missing_values_is_answered(tmp_path: Path, mlfw_here: Mlfw) -> None:
    (tmp_path / "data.csv").write_text(HEAD + ",,good\n,NA,bad\n" * 20)

    result = mlfw_here(
        "run", "dataset=csv", "dataset.path=data.csv", "dataset.target=good", "model=tree"
    )

    assert result.returncode == 2
    assert "no column is left" in result.stderr


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, mlfw_here: Mlfw) -> None:
    path = tmp_path / "data.csv"
    path.write_text(HEAD + BODY)
    path.chmod(0)
    try:
        path.open().close()
    except PermissionError:
        pass
    else:
        pytest.skip("this user may read everything")

    result = mlfw_here("run", "dataset=csv", f"dataset.path={path}", "dataset.target=good")

    assert result.returncode == 2
    assert "data.csv" in result.stderr
    assert "cannot be read" in result.stderr
