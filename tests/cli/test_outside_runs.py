"""Nothing that a person writes lands inside a saved model or the other parts of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlfw import UserError
from mlfw.hints import shell_word
from mlfw.pipeline.outside_runs import check_outside_runs


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run directory as it is laid out, with a copy of its model elsewhere."""
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "runs/r"
    for part in ("model", "data", "checkpoints", "trials", "folds", "deploy"):
        (run / part).mkdir(parents=True)
    manifest = {"format": 2, "model": {"use": "tree"}, "files": {}}
    (run / "run.json").write_text("{}")
    (run / "config.yaml").write_text("{}")
    (run / "model/manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "copied").mkdir()
    (tmp_path / "copied/manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "link").symlink_to(run / "model")
    return run


@pytest.mark.parametrize(
    ("output", "what", "other"),
    [
        ("runs/r/model/out.csv", "a saved model", "runs/r/out.csv"),
        ("runs/r/model/deep/er/out.csv", "a saved model", "runs/r/out.csv"),
        ("runs/r/model/schema.json", "a saved model", "runs/r/schema.json"),
        ("runs/r/model", "a saved model", "runs/r/model-2"),
        ("runs/r/data/train.parquet", "the prepared data of a run", "runs/r/train.parquet"),
        ("runs/r/checkpoints/o.csv", "the checkpoints of a run", "runs/r/o.csv"),
        ("copied/my out.csv", "a saved model", "my out.csv"),
        ("link/out.csv", "a saved model", "runs/r/out.csv"),
        ("runs/../runs/r/./model/out.csv", "a saved model", "runs/r/out.csv"),
    ],
)
def test_a_part_of_a_run_is_refused_and_a_place_is_named(
    run: Path, output: str, what: str, other: str
) -> None:
    with pytest.raises(UserError) as refusal:
        check_outside_runs(Path(output))

    assert f": is inside {what}, " in refusal.value.problem
    assert refusal.value.remedy.endswith(f"-o {shell_word(other)}")
    check_outside_runs(Path(other))  # it can be typed


@pytest.mark.parametrize(
    "output", ["out.csv", "runs/r/out.csv", "runs/r/deploy/out", "app/out.csv", "data/out.csv"]
)
def test_other_places_are_no_matter(run: Path, output: str) -> None:
    for name in ("app", "data"):
        Path(name).mkdir()
        Path(name, "manifest.json").write_text('{"name": "a web page"}')

    check_outside_runs(Path(output))
