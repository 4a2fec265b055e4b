"""What a training does between its steps: time, memory, progress, losses that are no numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

import network_fit
from mlfw import FitContext, LoadContext, Splits, UserError
from mlfw_lightning import InputShape, LightningTrainer
from mlfw_lightning.loop.threads import threads_for
from mlfw_lightning.networks.mlp import MLP
from mlfw_sklearn.dataset import Bundled, SklearnDataset
from network_fit import fit


def context(folder: Path, **changes: Any) -> FitContext:
    return replace(
        FitContext(
            trainer=LightningTrainer(accelerator="cpu", epochs=2),
            seed=0,
            folder=folder,
            report=lambda *_: None,
        ),
        **changes,
    )


def wine() -> Splits:
    return SklearnDataset(name=Bundled.wine).load(LoadContext())


def test_batches_that_make_one_step_are_as_one_large_batch(tmp_path: Path) -> None:
    trainer = {"epochs": 2, "patience": None, "precision": "64-true"}
    large = fit(
        tmp_path / "large", {"trainer": trainer, "model": {"batch_size": 24, "dropout": 0.0}}
    )
    small = fit(
        tmp_path / "small",
        {"trainer": {**trainer, "accumulate": 3}, "model": {"batch_size": 8, "dropout": 0.0}},
    )

    for (_, ours), (_, theirs) in zip(large["epochs"], small["epochs"], strict=True):
        assert ours == pytest.approx(theirs, abs=1e-12)


def test_where_lightning_takes_the_steps_they_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 106 rows in batches of 53, two of which make a step.
    trainer = {"epochs": 3, "patience": None, "accumulate": 2, "gradient_clip": 0.5}
    options = {
        "trainer": {**trainer, "precision": "64-true"},
        "model": {"batch_size": 53, "dropout": 0.0},
    }
    ours = fit(tmp_path / "ours", options)
    monkeypatch.setattr("mlfw_lightning.loop.process.FULLY_SHARDED", ("auto",))
    theirs = fit(tmp_path / "theirs", options)

    for (_, one), (_, other) in zip(ours["epochs"], theirs["epochs"], strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_when_the_time_is_over_it_ends_within_an_epoch_with_a_model(tmp_path: Path) -> None:
    ends: list[int] = []
    # Nothing is learnt in so little time but in one step.
    trainer = LightningTrainer(accelerator="cpu", epochs=1000, patience=None, max_time="0.001s")

    fitted = MLP(batch_size=1).fit(
        wine(), context(tmp_path, trainer=trainer, report=lambda epoch, _: ends.append(epoch))
    )

    assert ends == [1]
    assert fitted.predict(wine().test).num_rows == wine().count("test")


@pytest.mark.slow
def test_the_start_of_processes_counts_for_the_time(tmp_path: Path) -> None:
    ends: list[int] = []
    # Long enough for many epochs, and too short for two processes to load what they need.
    trainer = LightningTrainer(
        accelerator="cpu", devices=2, epochs=1000, patience=None, max_time="1s"
    )

    MLP(batch_size=32).fit(
        wine(), context(tmp_path, trainer=trainer, report=lambda epoch, _: ends.append(epoch))
    )

    assert ends == [1]


def test_progress_counts_rows_up_to_all_that_may_come(tmp_path: Path) -> None:
    told: list[tuple[int, int, Mapping[str, float]]] = []
    trainer = LightningTrainer(accelerator="cpu", epochs=10, patience=None)
    data = wine()

    MLP(batch_size=1).fit(
        data, context(tmp_path, trainer=trainer, progress=lambda *told_now: told.append(told_now))
    )

    rows = [done for done, _, _ in told]
    assert rows == sorted(rows)
    assert {total for _, total, _ in told} == {10 * data.count("train")}
    assert all(values["loss"] >= 0 for _, _, values in told)


def test_a_value_far_from_all_others_is_named_with_its_column(tmp_path: Path) -> None:
    data = SklearnDataset(name=Bundled.diabetes).load(LoadContext())
    columns = list(data.schema.columns)
    columns[2] = replace(columns[2], prepare={"scale": "none"})
    name = columns[2].name
    values = data.train[name].to_pylist()
    values[7] = 1e30
    train = data.train.set_column(2, name, pa.array(values, pa.float64()))
    far = data.replace(train=train, schema=replace(data.schema, columns=tuple(columns)))

    with pytest.raises(
        UserError, match=rf"(?s)loss is \w+ in epoch 1, step .*column '{name}'.*1e\+30"
    ):
        MLP().fit(far, context(tmp_path))


def test_full_memory_names_the_batch_and_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"(?s)out of memory with batches of 100 rows.*batch_size=50"
    ):
        MLP(batch_size=100, width=2**40).fit(wine(), context(tmp_path))


@pytest.mark.slow
def test_a_compiled_network_learns_the_same(tmp_path: Path) -> None:
    plain = fit(tmp_path / "plain", {"trainer": {"epochs": 2}})
    compiled = fit(tmp_path / "compiled", {"trainer": {"epochs": 2, "compile": True}})

    for (_, ours), (_, theirs) in zip(compiled["epochs"], plain["epochs"], strict=True):
        assert ours == pytest.approx(theirs, abs=1e-2)  # dropout draws other numbers


@pytest.mark.slow
def test_where_no_compiler_is_it_says_so(tmp_path: Path) -> None:
    options = {"trainer": {"epochs": 1, "compile": True}}
    nowhere = {"CXX": "/no/such/compiler", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}

    done = subprocess.run(
        [sys.executable, network_fit.__file__, str(tmp_path), json.dumps(options)],
        env={**os.environ, **nowhere, "PATH": "/no/such/folder"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "mlfw.errors.UserError: trainer.compile=true: the network cannot be" in done.stderr
    assert "trainer.compile=false" in done.stderr


@pytest.mark.parametrize(
    "precision",
    [
        pytest.param("bf16-mixed", marks=pytest.mark.slow),
        pytest.param("16-mixed", marks=pytest.mark.slow),
        "64-true",
        "bf16-true",
    ],
)
def test_any_precision_learns_to_about_the_same(precision: str, tmp_path: Path) -> None:
    def losses(kind: str) -> list[float]:
        trainer = {"epochs": 8, "precision": kind, "gradient_clip": 0.5}
        out = fit(tmp_path / kind, {"trainer": trainer, "model": {"dropout": 0}})
        return [values["train/loss"] for _, values in out["epochs"]]

    found, expected = losses(precision), losses("32-true")

    assert found != expected
    assert found == pytest.approx(expected, rel=0.05, abs=0.002)


def test_what_finders_find_is_told_and_kept_for_a_training_that_continues(tmp_path: Path) -> None:
    notes: list[str] = []
    trainer = LightningTrainer(
        accelerator="cpu", epochs=1, find_learning_rate=True, find_batch_size=True
    )

    for _ in range(2):
        MLP().fit(wine(), context(tmp_path, trainer=trainer, note=notes.append))

    assert [note.split("=")[0] for note in notes] == ["model.batch_size", "model.learning_rate"]


def test_a_full_disk_leaves_the_checkpoint_before_as_it_was(tmp_path: Path) -> None:
    import resource

    whole = fit(tmp_path / "whole", {"trainer": {"epochs": 4, "patience": None}})
    options = {"trainer": {"epochs": 4, "patience": None}, "stop_after": 10**9}
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            fit(tmp_path / "full", {**options, "model": {"width": 512}})
        except OSError:
            os._exit(7)
        os._exit(0)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 7
    assert not list((tmp_path / "full").glob("*.ckpt"))
    assert fit(tmp_path / "again", options)["weights"] == whole["weights"]


def test_small_steps_are_computed_in_one_thread_and_large_ones_in_all() -> None:
    small, large = InputShape(20, (), 2), InputShape(2000, (), 2)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with threads_for(MLP().build(small), small, 256):
            assert torch.get_num_threads() == 1
        with threads_for(MLP().build(large), large, 1024):
            assert torch.get_num_threads() == 2
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
