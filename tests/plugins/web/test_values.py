"""The page's scripts read, count and resize exactly as Python does."""

from __future__ import annotations

import base64
import io
import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from browser import new_page, served
from mlfw import Column, Kind
from mlfw.schema.cast import read_or_none
from mlfw.schema.conform import cast_values
from mlfw.schema.number_spelling import match_spelling
from mlfw_tabular.prepare.datetimes import read_days
from mlfw_tabular.prepare.decode import pixels
from mlfw_tabular.prepare.texts import HashEncoder, TfidfEncoder
from mlfw_tabular.prepare.tokens import TokenEncoder
from mlfw_web.description import described_column
from mlfw_web.page import ASSETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, Page

NUMBERS = (
    "1", "-1", "+1", "1.", ".5", "-.5e-3", "1e5", "1E+5", "1e400", "inf", "-Infinity", "nan", "NaN",
    " 7 ", "\u00a07\u2003", "007", "1_0", "0x10", "1,5", "1.5", "1,234.5", "1.234,5", "1.234",
    "12.345.678", "1 234,5", "1\u00a0234", "1'234.5", "(5)", "($1,200.50)", "-$5", "$-5", "$5",
    "5$", "5 €", "5€", "€5", "-5,5 €", "\u22125", "5 %", "12.5%", "1.5k", "1.5 K", "2mn", "3bn",
    "$1.2M", "3 years", "1 year", "1 YEAR", "5 km/h", "5km/h", "5 KM/H", "5 l.", "-999", "",
    "NA", "?", "null", "none", "None", "abc", "--5", "1e", "e5", "5,", ",5", "1,23,456.0", "999",
    "01:02",
)  # fmt: skip
DURATIONS = (
    "1:02:03", "01:02", "125", "125:00:00", "1:2:3", "-0:30:00", "\u22121:00:00", "1:02:03.5",
    "1:02:03,25", "2h", "45m", "2h 5m", "2 h 5 m", "2H5M", "1 hour", "2 hours 5 minutes", "1 Hour",
    "5 minutes", "90", "1:99", "1d 2h", "", "x", "h", "3.5h", "1,5 h",
)  # fmt: skip
DATES = (
    "2024-05-31", "2024-5-1", "2024-05-31 14", "2024-05-31T14:30", "2024-05-31 14:30:05.123456",
    "2024-05-31 14:30:05.1234567", "2024-05-31 14:30:05,5", "2024-05-31 2:30 pm", "2024-05-31T14Z",
    "2024-05-31 12:00 AM", "2024-05-31 13:00 pm", "2024-05-31T14:30Z", "2024-05-31 14:30+02:00",
    "2024-05-31 14:30 -0530", "2024-05-31 14:30 UTC", "2024-05-31T14:30+02", "2024-05-31Z",
    "2024-05-31T14+02", "2024-05-31T14+02:00", "2024-05-31T14-0230",
    "2024-02-30", "2023-02-29", "2024-02-29", "1900-02-28", "1969-12-31 23:59:59.5", "0001-01-01",
    "9999-12-31", "2024-13-01", "2024-00-10", "2024-05-31 24:00", "2024-05-31 23:59:60", "20240531",
    "31.05.2024", "1.5.2024", "31.5.24", "31.05.24 14:30", "05/31/2024", "31/05/2024",
    "31 May 2024", "31. Mai 2024", "May 31, 2024", "Sept 5, 2024", "Sep. 5, 2024",
    "SEPTEMBER 5, 2024", "2024-05", "2024-Q2", "2024-Q5", "2024-W01", "2020-W53", "2021-W53",
    "2024-W60", "14:30", "2:30 pm", "7:5", "14:30:05", "23:59:59.999", "25:00", "", "NA",
    "yesterday", "12.13.2024", "68-01-01", "31.12.1969",
)  # fmt: skip
FORMATS: tuple[tuple[Kind, str, tuple[str, ...]], ...] = (
    *(
        (Kind.number, written, NUMBERS)
        for written in (
            "", "#,###.#", "#.###,#", "$#,###.#", "#.###,# €", "# ###,#", "#'###.#", "#.#%",
            "#.# years", "#.# km/h", "#.#[kMBT]", "$#.#[kMBT]", "#.# l.",
        )
    ),
    *(
        (Kind.number, written, DURATIONS)
        for written in ("%H:%M:%S", "%M:%S", "%Hh %Mm", "%H hours %M minutes", "%M")
    ),
    *(
        (Kind.datetime, written, DATES)
        for written in (
            "", "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d %B %Y", "%b %d, %Y", "%Y-%m", "%Y-Q%q",
            "%G-W%V", "%H:%M", "%I:%M %p", "%Y%m%d", "%d.%m.%Y %H:%M", "%H:%M:%S",
        )
    ),
    (
        Kind.boolean,
        "",
        ("yes", "NO", "Y", "t", "1", "0", "1.0", "0.0", "on", "Off", " F ", "2", "ja", "", "NA"),
    ),
    (Kind.text, "", ("", " a b ", "NA", "\x1cx\x85", "İ", "\ufeffx", "x\u3000")),
)  # fmt: skip
NAMES = {np.inf: "Infinity", -np.inf: "-Infinity"}  # and not a number is a missing value
READ = """
([column, words]) => import("./values.js").then(({ readValue, days }) => words.map(word => {
  const { value, misfit } = readValue(column, word);
  if (misfit) return "misfit";
  if (typeof value === "bigint") return days(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}))
"""


@pytest.fixture(scope="module")
def scripts(browser: Browser) -> Iterator[Page]:
    """A page beside the scripts, from which they can be imported."""
    empty = '<!doctype html><link rel="icon" href="data:,">'
    with served(ASSETS) as address, new_page(browser) as page:
        page.route("**/empty.html", lambda to: to.fulfill(body=empty, content_type="text/html"))
        page.goto(f"{address}/empty.html")
        yield page


def python_reads(column: Column, words: Sequence[str]) -> list[Any]:
    """Return what each word is alone, as in the form."""
    found: list[Any] = []
    for word in words:
        one = pa.array([word], pa.string())
        typed = read_or_none(one, column.kind, column.format, column.words_for_missing)
        if typed is None:
            found.append("misfit")
            continue
        value = typed[0].as_py()
        if column.kind is Kind.datetime and value is not None:
            value = float(read_days(typed)[0])
        odd = isinstance(value, float) and not np.isfinite(value)
        found.append(NAMES.get(value) if odd else value)
    return found


def check_reading(scripts: Page, column: Column, words: Sequence[str]) -> None:
    described = json.loads(json.dumps(described_column(column, {})))
    found = scripts.evaluate(READ, [described, list(words)])

    wanted = python_reads(column, words)
    pairs = zip(words, wanted, found, strict=True)
    assert [each for each in pairs if each[1] != each[2]] == []


@pytest.mark.parametrize(("kind", "written", "words"), FORMATS)
def test_values_are_read_as_in_python(
    scripts: Page, kind: Kind, written: str, words: tuple[str, ...]
) -> None:
    # Python reads a few hundred words a second one by one: of most forms, every third is enough.
    some = words[len(written) % 3 :: 3] if written else words
    check_reading(scripts, Column(name="x", kind=kind, format=written), some)


@pytest.mark.slow
@pytest.mark.parametrize("missing", [None, ("-999", "none")])
def test_all_values_are_read_as_in_python(scripts: Page, missing: tuple[str, ...] | None) -> None:
    for kind, written, words in FORMATS:
        column = Column(name="x", kind=kind, format=written, missing_words=missing)
        check_reading(scripts, column, words)


def test_words_that_mean_a_missing_value_are_those_of_the_column(scripts: Page) -> None:
    column = Column(name="x", kind=Kind.number, missing_words=("-999", "none"))
    check_reading(scripts, column, ("-999", "-999.0", "none", "NA", "", " none "))


CATEGORIES = (
    ("1", "20", "3.5", "red"), ("007", "7", "012"), ("true", "false"), ("1e2", "-0", "0.50"), (),
)  # fmt: skip
SPELLINGS = (
    "1", "01", "1.0", "+1", "20.00", "2e1", "3.50", "red", " red", "Red", "007", "7", "07", "7.0",
    "12", "012", "TRUE", "True", "false", "100", "1E2", "0", "-0", ".5", "0.5", "5e-1", "1e400", "",
)  # fmt: skip


@pytest.mark.parametrize("categories", CATEGORIES)
def test_categories_are_found_by_the_spelling_of_numbers(
    scripts: Page, categories: tuple[str, ...]
) -> None:
    column = Column(name="x", kind=Kind.category, categories=categories)
    found = scripts.evaluate(READ, [described_column(column, {}), list(SPELLINGS)])
    typed = cast_values(pa.array(SPELLINGS), column, place="")
    if categories:
        typed = match_spelling(typed, categories, text=True)
    assert found == typed.to_pylist()

    numbers = [1, 20, 3.5, 7, 12, 100, 0.5]
    found = scripts.evaluate(READ, [described_column(column, {}), numbers])
    typed = cast_values(pa.array([str(number) for number in numbers]), column, place="")
    if categories:
        typed = match_spelling(typed, categories, text=False)
    assert found == typed.to_pylist()


ENCODE = """
([input, texts]) => import("./encode.js").then(({ encode }) => {
  const [type, data, shape] = encode(input, texts);
  return [type, Array.from(data), shape];
})
"""
ALPHABET = "aAbBzÉéßẞİ\u0131Σ\u03c3ς日本語७٣_-'\u2019.,;!? \n\t\u0301\u00ad\u200d😀\U0001d49cǅﬁ"


def some_texts() -> list[str | None]:
    chance = random.Random(3)
    made = ["".join(chance.choices(ALPHABET, k=chance.randrange(40))) for _ in range(150)]
    return [None, "", "the the cat", "don't x_1", *made]


def test_texts_are_counted_and_numbered_as_in_python(scripts: Page) -> None:
    texts = some_texts()
    values = pa.array(texts, pa.string())
    words = ("the", "cat", "a", "b", "é", "a b", "the the", "σς", "i", "日本語", "x_1")
    encoders = (
        ("words", TfidfEncoder(column="x", ngrams=3, words=words, weights=(1.0,) * len(words))),
        ("buckets", HashEncoder(column="x", ngrams=2, buckets=37)),
        ("tokens", TokenEncoder(column="x", vocabulary=words, length=6)),
    )
    for name, encoder in encoders:
        expected = encoder.feed(values)
        given = {**encoder.input_notes(), "encoder": name, "shape": list(encoder.input_shape)}
        type_, data, shape = scripts.evaluate(ENCODE, [given, texts])
        assert shape == list(expected.shape)
        assert type_ == expected.dtype.name
        assert np.array_equal(np.array(data).reshape(shape), expected), encoder


PIXELS = """
([text, shape]) => import("./images.js").then(async ({ readImage }) => {
  const bytes = Uint8Array.from(atob(text), character => character.charCodeAt(0));
  const made = await readImage(bytes, shape);
  return made ? Array.from(made) : null;
})
"""


def image_file(kind: str, mode: str, size: tuple[int, int], seed: int) -> bytes:
    from PIL import Image

    channels = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
    random_ = np.random.default_rng(seed)
    coarse = random_.integers(0, 256, (7, 5, channels), np.uint8)
    image = Image.fromarray(coarse.squeeze(), mode).resize(size, Image.Resampling.BICUBIC)
    content = io.BytesIO()
    image.save(content, kind)
    return content.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "size", "shape", "apart"),
    [
        ("PNG", "RGB", (40, 30), (3, 8, 8), 0),
        ("PNG", "RGB", (5, 7), (3, 16, 12), 0),
        ("PNG", "L", (8, 8), (1, 8, 8), 0),
        ("PNG", "RGB", (33, 21), (1, 10, 21), 0),
        ("BMP", "RGB", (30, 30), (3, 9, 11), 0),
        ("PNG", "RGBA", (20, 20), (3, 10, 10), 2),
        ("JPEG", "RGB", (24, 24), (3, 16, 16), 4),
        ("WEBP", "RGB", (24, 24), (3, 16, 16), 4),
    ],
)
def test_images_are_resized_as_in_python(
    scripts: Page,
    kind: str,
    mode: str,
    size: tuple[int, int],
    shape: tuple[int, int, int],
    apart: int,
) -> None:
    content = image_file(kind, mode, size, 1)
    found = scripts.evaluate(PIXELS, [base64.b64encode(content).decode(), list(shape)])

    expected = pixels(content, *shape).astype(int).reshape(-1)
    assert np.abs(np.array(found) - expected).max() <= apart


def test_what_is_no_image_is_refused(scripts: Page) -> None:
    assert scripts.evaluate(PIXELS, [base64.b64encode(b"no image").decode(), [3, 8, 8]]) is None
