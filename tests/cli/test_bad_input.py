"""Every mistake of a user ends with exit code 2 and a message that names place and remedy."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from conftest import Mlfw

BASE = ("run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good", "model=tree")

MISTAKES = {
    "an unknown key": ([*BASE, "model.max_dept=3"], ["model.max_dept", "max_depth"]),
    "an unknown key with plus": ([*BASE, "+model.foo=1"], ["model.foo", "tree"]),
    "an unknown section": ([*BASE, "modle=tree"], ["modle", "'model'"]),
    "an unknown section and no data set": (
        ["run", "datset=csv"],
        ["command line: unknown key 'datset'. Did you mean 'dataset'?"],
    ),
    "data in place of a configuration": (
        ["run", "small.csv"],
        ["type: mlfw run dataset=csv dataset.path=small.csv dataset.target=COLUMN"],
    ),
    "a workbook in place of a configuration": (
        ["run", "my book.XLSX"],
        ["mlfw run dataset=excel 'dataset.path=\"my book.XLSX\"' dataset.target=COLUMN"],
    ),
    "an unknown component": ([*BASE, "model=tre"], ["model=tre", "'tree'", "mlfw show model"]),
    "an unknown tuner": ([*BASE, "tuner=gird"], ["tuner=gird", "'grid'"]),
    "an unknown metric": ([*BASE, "metrics=[acuracy]"], ["acuracy", "'accuracy'"]),
    "a wrong type": ([*BASE, "model.max_depth=deep"], ["model.max_depth", "whole number", "deep"]),
    "a wrong choice": (
        [*BASE, "model=svm", "model.kernel=cubic"],
        ["model.kernel", "rbf", "cubic"],
    ),
    "a value out of bounds": ([*BASE, "model.max_depth=0"], ["model.max_depth", "at least 1", "0"]),
    "several values": ([*BASE, "model.max_depth=1,2"], ["model.max_depth", "[1,2]"]),
    "a key taken away": ([*BASE, "~model.max_depth"], ["model.max_depth", "null"]),
    "no key at all": ([*BASE, "treee"], ["treee", "key=value"]),
    "a seed that is no number": ([*BASE, "seed=lucky"], ["seed", "whole number", "lucky"]),
    "a split without training rows": ([*BASE, "split.test=0.9"], ["split", "less than 1"]),
    "no data set": (["run", "model=tree"], ["dataset", "dataset=csv"]),
    "no path": (["run", "dataset=csv", "dataset.target=y"], ["dataset.path", "FILE.csv"]),
    "no target": (BASE[:3], ["dataset.target", "size", "colour", "price", "good"]),
    "a missing target column": ([*BASE, "dataset.target=goood"], ["goood", "'good'"]),
    "a target that two names in brackets and quotes come near": (
        ["run", "dataset=jsonl", "dataset.path=near.jsonl", "dataset.target='q'"],
        ["'[q]' is meant, type: 'dataset.target=\"[q]\"'", "''q'' is meant, type: '"],
    ),
    "a missing column to drop": ([*BASE, "dataset.drop=[sise]"], ["dataset.drop", "'size'"]),
    "a missing file": ([*BASE, "dataset.path=smal.csv"], ["smal.csv", "'small.csv'"]),
    "a folder for a file": ([*BASE, "dataset.path=."], ["is a folder"]),
    "an empty file": ([*BASE, "dataset.path=empty.csv"], ["empty.csv", "empty"]),
    "only a header": ([*BASE, "dataset.path=header.csv"], ["header.csv", "no rows"]),
    "a header twice": ([*BASE, "dataset.path=twice.csv"], ["'size'", "twice"]),
    "ragged rows": (
        [*BASE, "dataset.path=ragged.csv"],
        ["ragged.csv", "line 3", "expected 2 values, found 1"],
    ),
    "not text": ([*BASE, "dataset.path=binary.csv"], ["binary.csv", "gzip", ".gz"]),
    "one class": ([*BASE, "dataset.path=one.csv"], ["good", "only one class"]),
    "all rows lost": (
        [*BASE, "dataset.path=lost.csv"],
        ["lost.csv", "all 3 rows are lost", "good"],
    ),
    "too few rows": ([*BASE, "dataset.path=few.csv"], ["split"]),
    "a kind that does not fit": (
        [*BASE, "dataset.columns.colour=number"],
        ["'colour'", "row 1", "a number", "red"],
    ),
    "an unknown kind": ([*BASE, "dataset.columns.colour=paint"], ["dataset.columns", "paint"]),
    "a target of dates": ([*BASE, "dataset.target=seen"], ["seen", "dates"]),
    "no Parquet": (
        [*BASE, "dataset=parquet", "dataset.path=small.csv"],
        ["small.csv", "Parquet"],
    ),
    "most rows lost": (
        [*BASE, "dataset.path=sparse.csv"],
        ["sparse.csv", "2 of 3 rows", "good", "dataset.checks.missing_target=fix"],
    ),
    "no JSON lines": (
        [*BASE, "dataset=jsonl", "dataset.path=words.jsonl"],
        ["words.jsonl", "JSON"],
    ),
    "a metric of another task": ([*BASE, "metrics=[rmse]"], ["metrics=rmse", "binary", "accuracy"]),
    "a model without a trainer": ([*BASE, "model=mlp", "trainer=none"], ["trainer", "lightning"]),
    "a space of no field": (
        [*BASE, "tuner=grid", "tuner.space.depth=[1,2]"],
        ["tuner.space.depth", "max_depth"],
    ),
    "a space without a tuner": ([*BASE, "tuner.space.C=[1]"], ["tuner.space", "tuner=grid"]),
    "a space of no form": ([*BASE, "tuner=grid", "tuner.space.max_depth=3"], ["max_depth", "list"]),
    "a config that is not there": (["run", "no.yaml"], ["no.yaml", "no such file"]),
    "a config that is not YAML": (["run", "broken.yaml"], ["broken.yaml", "line 2"]),
    "a config that is a list": (["run", "list.yaml"], ["list.yaml", "key: value"]),
    "a config with a key twice": (["run", "double.yaml"], ["double.yaml", "'model'", "twice"]),
    "a config with an unknown key": (["run", "unknown.yaml"], ["unknown.yaml", "speling"]),
    "a config with a wrong type": (["run", "type.yaml"], ["type.yaml", "model.max_depth", "deep"]),
    "an alias bomb": (["run", "bomb.yaml"], ["bomb.yaml", "aliases"]),
    "a huge config": (["run", "huge.yaml"], ["huge.yaml", "bytes"]),
    "a config with a tag": (["run", "tag.yaml"], ["tag.yaml"]),
    "an import path": (["run", "target.yaml"], ["_target_"]),
    "two configs": (["run", "list.yaml", "tag.yaml"], ["one configuration file"]),
    "an unknown run": (["predict", "nothing", "small.csv"], ["nothing", "mlfw runs"]),
    "no run yet": (["predict", "latest", "small.csv"], ["latest", "no runs"]),
    "a folder that is no run": (["evaluate", "."], ["not a run directory"]),
    "an unknown kind of component": (["show", "modle"], ["modle", "'model'"]),
    "an unknown component to show": (["show", "model", "tre"], ["'tree'"]),
    "a run directory with other files": ([*BASE, "run.dir=."], ["run.dir", "other files"]),
    "a run name that is a path": ([*BASE, "run.name=../x"], ["run.name"]),
    "a preset that is a path": (
        ["run", "--config-dir", ".", *BASE[1:4], "model=../small"],
        ["model=../small"],
    ),
    "an unknown command": (["rnu"], ["rnu"]),
}


@pytest.fixture
def bad_files(tmp_path: Path, small_csv: Path) -> Path:
    head = "size,colour,fresh,seen,price,good\n"
    files = {
        "empty.csv": "",
        "header.csv": head,
        "twice.csv": "size,size,good\n1,2,a\n",
        "ragged.csv": "size,good\n1,a\n2\n3,b\n",
        "one.csv": "size,good\n" + "1,a\n2,a\n3,a\n" * 5,
        "sparse.csv": "size,good\n1,\n2,\n3,yes\n",
        "words.jsonl": "size,good\n1,a\n",
        "near.jsonl": '{"x": 1, "[q]": "a", "\'q\'": "b"}\n' * 9,
        "lost.csv": "size,good\n1,\n2,\n3,\n",
        "few.csv": "size,good\n1,a\n2,b\n",
        "broken.yaml": "model: [tree\n",
        "list.yaml": "- model\n",
        "double.yaml": "model: tree\nmodel: svm\n",
        "unknown.yaml": "dataset: csv\nmodel: {use: tree, speling: 3}\n",
        "type.yaml": "dataset: csv\nmodel: {use: tree, max_depth: deep}\n",
        "bomb.yaml": "a: &a [x,x]\n"
        + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)},*{chr(97 + i)}]\n" for i in range(20)
        ),
        "huge.yaml": "model: tree\n#" + "x" * 1_100_000,
        "tag.yaml": "model: !!python/object/apply:os.system ['touch owned']\n",
        "target.yaml": "dataset: csv\nmodel: {use: tree, _target_: os.system}\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "binary.csv").write_bytes(gzip.compress(b"size,good\n1,a\n") + bytes(range(256)))
    return tmp_path


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_with_place_and_remedy(
    mistake: str, bad_files: Path, mlfw_here: Mlfw
) -> None:
    arguments, expected = MISTAKES[mistake]

    result = mlfw_here(*arguments)

    assert result.returncode == 2, result.stderr + result.stdout
    assert "Traceback" not in result.stderr + result.stdout
    for fragment in expected:
        assert fragment in result.stderr
    assert not (bad_files / "owned").exists()


def test_an_unexpected_error_exits_1_with_its_traceback_in_the_log(
    tmp_path: Path, small_csv: Path, mlfw: Mlfw
) -> None:
    (tmp_path / "mlfw_faulty-1.dist-info").mkdir()
    (tmp_path / "mlfw_faulty-1.dist-info/METADATA").write_text("Name: mlfw-faulty\nVersion: 1\n")
    (tmp_path / "mlfw_faulty-1.dist-info/entry_points.txt").write_text("[mlfw]\nfaulty = faulty\n")
    (tmp_path / "faulty.py").write_text(
        "from dataclasses import dataclass\n"
        "import mlfw\n"
        "@dataclass(kw_only=True)\n"
        "class Faulty(mlfw.Model):\n"
        "    '''Fails.'''\n"
        "    def fit(self, data, context):\n"
        "        raise RuntimeError('the planet is flat')\n"
        "    def load(self, folder, schema): ...\n"
        "@mlfw.hookimpl\n"
        "def mlfw_models():\n"
        "    return {'faulty': Faulty}\n"
    )

    result = mlfw(*BASE, "model=faulty", PYTHONPATH=str(tmp_path))

    assert result.returncode == 1
    assert "the planet is flat" in result.stderr
    assert "Traceback" not in result.stderr
    (run,) = (tmp_path / "runs").iterdir()
    assert str(Path("runs") / run.name / "log.txt") in result.stderr
    assert "Traceback" in (run / "log.txt").read_text()
    assert "failed" in mlfw("runs").stdout
