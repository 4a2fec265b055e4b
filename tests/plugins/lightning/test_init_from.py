"""A network starts from another run's saved model, with its preparation and a new head."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load

import mlfw
from conftest import Mlfw
from mlfw.pipeline.run import Run
from mlfw_tabular import Preprocessor

SETTINGS = ("dataset=csv", "deployer=none", "trainer.accelerator=cpu", "trainer.epochs=3")
MODEL = ("model=mlp", "model.width=8", "model.depth=2", "model.dropout=0")


def write_rows(
    path: Path, rows: int = 80, *, shift: float = 0.0, order: tuple[int, ...] = (0, 1, 2)
) -> None:
    """Write a table with two numbers and a category, of another place and order if asked for."""
    random = np.random.default_rng(0)
    size, weight = random.normal(size=(2, rows)) + shift
    colour = random.choice(["red", "green", "blue"], rows)
    kind = np.where(size + weight > 2 * shift, "big", "small")
    columns = [("size", size), ("weight", weight), ("colour", colour)]
    chosen = [columns[index] for index in order]
    lines = [",".join([*(name for name, _ in chosen), "kind", "price"])]
    for row in range(rows):
        values = [str(values[row]) for _, values in chosen]
        lines.append(",".join([*values, kind[row], str(size[row] * 3)]))
    path.write_text("\n".join(lines) + "\n")


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load((run / "model/weights.safetensors").read_bytes())


def body(run: Path) -> dict[str, torch.Tensor]:
    return {name: value for name, value in weights(run).items() if not name.startswith("head.")}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that tells kinds apart."""
    folder = tmp_path_factory.mktemp("source")
    write_rows(folder / "rows.csv")
    data = [f"dataset.path={folder}/rows.csv", "dataset.target=kind", "dataset.drop=[price]"]
    return mlfw.run(None, [*SETTINGS, *MODEL, *data, f"run.dir={folder}/run"]).dir


def tuned(folder: Path, *more: str, rows: str = "rows.csv", name: str = "tuned") -> Run:
    data = [f"dataset.path={folder}/{rows}", "dataset.target=price", "dataset.drop=[kind]"]
    return mlfw.run(None, [*SETTINGS, *MODEL, *data, f"run.dir={folder}/{name}", *more])


def test_what_is_frozen_stays_bit_for_bit_and_the_head_is_new(source: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")

    run = tuned(tmp_path, f"model.init_from={source}", "model.freeze=true")

    before, after = body(source), body(run.dir)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert weights(run.dir)["head.weight"].shape == (1, 8)


def test_without_freezing_all_weights_go_on_learning(source: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")

    run = tuned(tmp_path, f"model.init_from={source}", "model.learning_rate=0.01")

    before, after = body(source), body(run.dir)
    assert not any(torch.equal(before[name], after[name]) for name in before)
    assert all((before[name] - after[name]).abs().max() < 0.5 for name in before)


def test_columns_are_prepared_as_they_were_whatever_their_scale_and_order(
    source: Path, tmp_path: Path
) -> None:
    write_rows(tmp_path / "rows.csv", shift=50.0, order=(2, 1, 0))

    run = tuned(tmp_path, f"model.init_from={source}", "model.freeze=true")

    there, here = (
        json.loads((path / "model/preprocessor.json").read_text()) for path in (source, run.dir)
    )
    assert here == there
    assert Preprocessor.load(run.dir / "model").names(network=True)
    assert [column.name for column in run.model.schema.columns] == ["colour", "weight", "size"]


@pytest.mark.parametrize("name", ["model", "name"])
def test_the_source_is_named_as_everywhere(
    name: str, source: Path, tmp_path: Path, mlfw_here: Mlfw
) -> None:
    shutil.copytree(source, tmp_path / "runs/first")
    write_rows(tmp_path / "rows.csv")
    named = {"model": "runs/first/model", "name": "first"}

    result = mlfw_here(
        "run", *SETTINGS, *MODEL, "dataset.path=rows.csv", "dataset.target=price",
        "dataset.drop=[kind]", "run.name=second", f"model.init_from={named[name]}",
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    manifest = json.loads((tmp_path / "runs/second/model/manifest.json").read_text())
    assert manifest["model"]["init_from"] == str(tmp_path / "runs/first/model")


def test_latest_is_the_newest_run_that_has_finished(
    source: Path, tmp_path: Path, mlfw_here: Mlfw
) -> None:
    for name, state, created in (("old", "finished", 1), ("cut", "failed", 2)):
        shutil.copytree(source, tmp_path / "runs" / name)
        record = json.loads((source / "run.json").read_text())
        changed = {**record, "state": state, "created": created}
        (tmp_path / "runs" / name / "run.json").write_text(json.dumps(changed))
    write_rows(tmp_path / "rows.csv")

    result = mlfw_here(
        "run", *SETTINGS, *MODEL, "dataset.path=rows.csv", "dataset.target=price",
        "dataset.drop=[kind]", "run.name=next", "model.init_from=latest",
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    assert (
        f"init_from: {tmp_path}/runs/old/model" in (tmp_path / "runs/next/config.yaml").read_text()
    )


@pytest.mark.slow
def test_another_model_at_the_same_place_is_learnt_from_anew(source: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")
    shutil.copytree(source / "model", tmp_path / "base")
    first = weights(tuned(tmp_path, f"model.init_from={tmp_path}/base", "model.freeze=true").dir)

    again = tuned(tmp_path, f"model.init_from={tmp_path}/base", "model.freeze=true")
    assert all(torch.equal(first[name], value) for name, value in weights(again.dir).items())
    other = tuned(tmp_path, "seed=3", name="other").dir
    shutil.rmtree(tmp_path / "base")
    shutil.copytree(other / "model", tmp_path / "base")
    changed = tuned(tmp_path, f"model.init_from={tmp_path}/base", "model.freeze=true")

    assert not torch.equal(weights(changed.dir)["body.0.weight"], first["body.0.weight"])


def test_tuning_trials_start_from_it_too(source: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")
    trials = ("tuner=random", "tuner.trials=1", "tuner.space.learning_rate=[0.1]")

    run = tuned(tmp_path, f"model.init_from={source}", "model.freeze=true", *trials)

    before, after = body(source), body(run.dir)
    assert all(torch.equal(before[name], after[name]) for name in before)
    (trial,) = [json.loads(path.read_text()) for path in (run.dir / "trials").glob("*.json")]
    assert trial["value"] is not None


@pytest.mark.slow
def test_two_processes_start_from_it_too_and_open_blocks_alike(
    source: Path, tmp_path: Path
) -> None:
    write_rows(tmp_path / "rows.csv")
    options = (f"model.init_from={source}", "model.unfreeze_every=1")

    two = weights(tuned(tmp_path, *options, "trainer.devices=2", name="two").dir)
    one = weights(tuned(tmp_path, *options, name="one").dir)

    assert not torch.equal(one["body.2.weight"], body(source)["body.2.weight"])
    assert all(torch.allclose(one[name], two[name], atol=1e-4) for name in one)


def test_columns_that_do_not_fit_are_all_named_with_what_to_do(
    source: Path, tmp_path: Path
) -> None:
    lines = ["size,height,colour,kind,price"]
    lines += [f"{row}.5,{row * 7 % 5}.5,{row}.25,big,{row}" for row in range(40)]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")

    with pytest.raises(mlfw.UserError) as caught:
        tuned(tmp_path, f"model.init_from={source}")

    assert caught.value.problem.startswith(f"model.init_from: {source}/model: ")
    assert "it takes weight, not in the data" in caught.value.problem
    assert "it does not take height" in caught.value.problem
    assert "'colour' is category there and number here" in caught.value.problem
    assert "dataset.drop=[height]" in caught.value.remedy
    assert "dataset.columns.colour=category" in caught.value.remedy


def test_a_column_that_is_to_be_prepared_otherwise_is_refused(source: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")

    with pytest.raises(
        mlfw.UserError, match=r"'colour' is prepared otherwise there.*\n.*dataset.prepare.colour"
    ):
        tuned(tmp_path, f"model.init_from={source}", "dataset.prepare.colour.encode=target")


def test_weights_of_another_shape_start_anew(source: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")

    run = tuned(tmp_path, f"model.init_from={source}", "model.width=9", "model.freeze=true")

    before, after = body(source), body(run.dir)
    same = {name for name in before if before[name].shape == after[name].shape}
    assert same
    assert all(torch.equal(before[name], after[name]) for name in same)
    assert len(same) < len(before)


@pytest.mark.parametrize(
    ("hurt", "message"),
    [
        (
            lambda model: (model / "weights.safetensors").write_bytes(b"no"),
            "weights.safetensors: changed",
        ),
        (lambda model: (model / "schema.json").unlink(), "schema.json: missing"),
        (lambda model: (model / "manifest.json").write_text("{"), "manifest.json: damaged"),
    ],
)
def test_a_damaged_source_is_refused(
    hurt: object, message: str, source: Path, tmp_path: Path
) -> None:
    write_rows(tmp_path / "rows.csv")
    shutil.copytree(source / "model", tmp_path / "base")
    hurt(tmp_path / "base")  # type: ignore[operator]

    with pytest.raises(mlfw.UserError, match=rf"model\.init_from: .*{message}"):
        tuned(tmp_path, f"model.init_from={tmp_path}/base")


def test_a_source_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path / "rows.csv")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(mlfw.UserError, match=r"model\.init_from: nowhere: no run of that name"):
        tuned(tmp_path, "model.init_from=nowhere")
    with pytest.raises(mlfw.UserError, match=r"model\.init_from: latest: there are no runs in"):
        tuned(tmp_path, "model.init_from=latest")


def test_a_source_without_weights_is_refused(source: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")
    data = [f"dataset.path={tmp_path}/rows.csv", "dataset.target=price", "dataset.drop=[kind]"]
    tree = mlfw.run(None, ["dataset=csv", "model=tree", *data, f"run.dir={tmp_path}/tree"])

    with pytest.raises(mlfw.UserError, match="holds model=tree, which is no network"):
        tuned(tmp_path, f"model.init_from={tree.dir}")
