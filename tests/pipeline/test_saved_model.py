"""A saved model is data with checksums; a changed or foreign one is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pv
import pytest

import mlfw
from mlfw import UserError
from mlfw.files import sha256


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    rows = ["size,colour,good"]
    rows += [f"{i % 30},{'red' if i % 2 else 'blue'},{'yes' if i % 2 else 'no'}" for i in range(40)]
    (folder / "rows.csv").write_text("\n".join(rows) + "\n")
    run = mlfw.run(
        None,
        ["dataset=csv", f"dataset.path={folder / 'rows.csv'}", "dataset.target=good",
         "model=tree", f"run.dir={folder / 'run'}"],
    )  # fmt: skip
    return run.dir


@pytest.fixture
def model(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained / "model", tmp_path / "model"))


def replace_by_link(path: Path) -> None:
    """Move a file out of its folder, and leave a link to it."""
    outside = path.parent.parent / path.name
    path.rename(outside)
    path.symlink_to(outside)


def replaced(path: Path, content: bytes) -> None:
    """Replace a file as someone would who then writes the right checksums."""
    path.write_bytes(content)
    signed(path.parent)


def change(path: Path, edit: Callable[[bytes], bytes]) -> None:
    path.write_bytes(edit(path.read_bytes()))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (
            lambda m: change(m / "model.onnx", lambda b: b[:-1]),
            "model.onnx: changed",
        ),
        (lambda m: change(m / "schema.json", lambda b: b + b" "), "schema.json: changed"),
        (lambda m: (m / "preprocessor.json").unlink(), "preprocessor.json: missing"),
        (lambda m: (m / "extra.py").write_text("x"), "extra.py: not part of the saved model"),
        (lambda m: (m / "manifest.json").unlink(), "no saved model|not a run directory"),
        (lambda m: change(m / "manifest.json", lambda b: b[:50]), "manifest.json: damaged"),
        (lambda m: change(m / "manifest.json", lambda _: b"[]"), "manifest.json: damaged"),
        (lambda m: change(m / "manifest.json", lambda _: b"[" * 99_999), "manifest.json: damaged"),
        (
            lambda m: change(m / "manifest.json", lambda b: b + b" " * 10_000_001),
            "manifest.json: expected a file of at most",
        ),
        (lambda m: (m / "model.onnx").rename(m / "m") and os.mkfifo(m / "model.onnx"), "neither a"),
        (lambda m: replace_by_link(m / "model.onnx"), "model.onnx: a link, which no saved model"),
        (lambda m: replace_by_link(m / "schema.json"), "schema.json: a link, which no saved"),
        (lambda m: (m / "more").symlink_to("/"), "more: a link, which no saved model holds"),
        (lambda m: edited(m, files={"model.onnx": 3}), "manifest.json: damaged"),
        (lambda m: edited(m, needs=["torch"]), "manifest.json: damaged"),
        (lambda m: edited(m, needs={"packages": ["no_such"], "extra": "x;y"}), "not installed"),
        (lambda m: replaced(m / "schema.json", b"{}"), "damaged, or not made by mlfw: KeyError"),
        (lambda m: replaced(m / "schema.json", b"[" * 99_999), "damaged, or not made by mlfw: R"),
        (lambda m: replaced(m / "preprocessor.json", b"[3]"), "damaged, or not made by mlfw"),
        (lambda m: replaced(m / "preprocessor.json", b"[]"), "model.onnx"),
        (lambda m: replaced(m / "model.onnx", b"onnx"), "model.onnx"),
        (lambda m: replaced(m / "model.onnx", b""), "model.onnx"),
    ],
)
def test_a_damaged_model_is_refused(
    model: Path, harm: Callable[[Path], object], message: str
) -> None:
    harm(model)

    with pytest.raises(UserError, match=message):
        mlfw.load(model)


def edited(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}))


def signed(folder: Path) -> None:
    """Write the right checksums, as someone would who has made the files."""
    names = (path for path in folder.iterdir() if path.name != "manifest.json")
    edited(folder, files={path.name: sha256(path) for path in names})


def test_a_model_of_a_plugin_that_is_not_there_is_refused_by_its_name(model: Path) -> None:
    edited(model, model={"use": "zebra"}, plugin={"distribution": "mlfw-zebra"})

    with pytest.raises(UserError, match='pip install "mlfw-zebra"'):
        mlfw.load(model)


def test_a_later_format_is_refused(model: Path) -> None:
    edited(model, format=99)

    with pytest.raises(UserError, match="saved in format 99"):
        mlfw.load(model)


def test_an_option_that_names_something_to_import_is_refused(model: Path) -> None:
    edited(model, model={"use": "tree", "_target_": "os.system"})

    with pytest.raises(UserError, match="_target_"):
        mlfw.load(model)


def test_what_a_model_says_of_itself_is_never_interpolated(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    edited(model, model={"use": "tree", "max_depth": "${oc.env:SECRET}"})

    with pytest.raises(UserError, match=r"max_depth|Integer") as caught:
        mlfw.load(model)
    assert "hunter2" not in str(caught.value)
    edited(model, model={"use": "${oc.env:SECRET}"})
    with pytest.raises(UserError, match="needs the model") as caught:
        mlfw.load(model)
    assert "hunter2" not in str(caught.value)


def test_an_engine_that_the_model_was_not_saved_for_is_refused(model: Path) -> None:
    with pytest.raises(UserError, match="saved in ONNX alone"):
        mlfw.load(model, engine="native")
    with pytest.raises(ValueError, match="engine: expected 'auto' or 'native', found 'torch'"):
        mlfw.load(model, engine="torch")


def test_a_loaded_model_predicts_when_its_folder_is_gone(model: Path) -> None:
    loaded = mlfw.load(model)
    rows = [{"size": 3, "colour": "red"}] * 600  # for as many, another session is opened
    shutil.rmtree(model)

    assert loaded.predict(rows)["prediction"].unique().to_pylist() == ["yes"]


def test_predicting_imports_neither_scikit_learn_nor_torch(model: Path) -> None:
    code = (
        "import sys, mlfw;"
        f"mlfw.load({str(model)!r}).predict([dict(size=3, colour='red')]);"
        "assert not {'sklearn', 'scipy', 'torch', 'skops'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_command_predicts_without_pandas_and_in_little_memory(
    trained: Path, tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path; from mlfw.cli.main import main;"
        f"assert main(['predict', {str(trained)!r}, {str(trained.parent / 'rows.csv')!r}]) == 0;"
        "assert not {'pandas', 'sklearn', 'torch', 'onnx', 'omegaconf'} & set(sys.modules);"
        "assert not {'mlfw_tabular.infer', 'mlfw_tabular.checks', 'mlfw_tabular.splitting',"
        " 'mlfw_tabular.prepare.fitting', 'mlfw_sklearn.predictor'} & set(sys.modules);"
        "status = Path('/proc/self/status').read_text();"
        "own = int(status.partition('RssAnon:')[2].split()[0]);"  # without mapped libraries
        "assert own < 100 * 1024, own"
    )

    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=tmp_path)


def test_a_planted_pickle_is_not_loaded(model: Path, tmp_path: Path) -> None:
    import pickle
    import zipfile

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'owned'}",)

    with zipfile.ZipFile(model / "estimator-00000.skops", "w") as archive:
        archive.writestr("schema.json", json.dumps({"__class__": "Evil", "__module__": "builtins",
                                                    "__loader__": "ObjectNode"}))  # fmt: skip
        archive.writestr("evil.pkl", pickle.dumps(Evil()))
    (model / "model.onnx").unlink()
    signed(model)

    with pytest.raises(UserError, match=r"estimator-00000\.skops: damaged"):
        mlfw.load(model)
    assert not (tmp_path / "owned").exists()


def test_rows_come_back_in_the_form_they_were_given_in(trained: Path) -> None:
    loaded = mlfw.load(trained)
    table = pv.read_csv(trained.parent / "rows.csv")
    frame = table.to_pandas().iloc[5:9]

    from_pandas = loaded.predict(frame)
    from_polars = loaded.predict(pl.DataFrame(frame.to_dict("list")))
    from_dicts = loaded.predict(frame.to_dict("records"))

    assert isinstance(from_pandas, pd.DataFrame)
    assert list(from_pandas.index) == [5, 6, 7, 8]
    assert isinstance(from_polars, pl.DataFrame)
    assert isinstance(from_dicts, pa.Table)
    assert from_dicts["prediction"].to_pylist() == list(from_pandas["prediction"])
    assert from_dicts.equals(loaded.predict(table.slice(5, 4)))
    assert list(from_pandas.columns) == ["prediction", "probability_no", "probability_yes"]
    shares = from_pandas[["probability_no", "probability_yes"]].to_numpy().sum(axis=1)
    assert np.allclose(shares, 1)


def test_no_rows_give_no_predictions(trained: Path) -> None:
    assert mlfw.load(trained).predict([]).num_rows == 0


def test_a_wrong_value_is_warned_of_with_column_and_row(trained: Path) -> None:
    rows = [{"size": 1, "colour": "red"}, {"size": "huge", "colour": "red"}]

    with pytest.warns(mlfw.DataWarning, match="column 'size': 1 of 2 values is not a number .*"
                      "'huge' in row 2"):  # fmt: skip
        assert mlfw.load(trained).predict(rows).num_rows == 2


def test_what_is_no_table_is_refused(trained: Path) -> None:
    with pytest.raises(UserError, match="found int"):
        mlfw.load(trained).predict(3)
