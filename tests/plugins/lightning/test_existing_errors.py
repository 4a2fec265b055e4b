"""What may be wrong with an existing module, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Mlfw
from existing_package import run_arguments

ALLOW = ("--allow-import", "blobs")


@pytest.mark.usefixtures("blobs")
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (["model.module=blobs.nets"], "expected package.module:Class, found 'blobs.nets'"),
        (["model.module=''"], "expected package.module:Class, found nothing"),
        (["model.module=blobs.nest:Net"], "has no module 'nest'.\n  Did you mean 'nets'?"),
        (["model.module=blobs.nets.deep:Net"], "and no package.\n  Type model.module=blobs.nets:"),
        (["model.module=blobs.nets:Nett"], "has no 'Nett'.\n  Did you mean 'Net'?"),
        (["model.module=blobs.nets:make"], "found make, a function.\n  Known: Net, Late, Unv"),
        (["model.module=blobs.data:Blobs"], "LightningModule, found the class Blobs.\n  Name"),
        (["dataset.module=blobs.nets:Net"], "DataModule, found the class Net.\n  Name another"),
        (["model.module=blobs.broken:Net"], "OSError: no licence file.\n  See where it fails: "),
        (["model.options.widht=3"], "takes no 'widht'.\n  Did you mean 'width'?"),
        (["dataset.options.row=3"], "takes no 'row'.\n  Did you mean 'rows'?"),
        (["model.module=blobs.nets:Needs"], "needs size.\n  Set model.options.size=VALUE"),
        (["model.module=blobs.nets:Raises"], "of Raises raised RuntimeError: no such encoder"),
        (["model.module=blobs.nets:Unstepped"], "No `training_step()` method defined"),
        (["model.monitor=val_los"], "it logs val_loss, val_acc.\n  Did you mean 'val_loss'?"),
        (["model.module=blobs.nets:Diverges"], "it is nan after epoch 1: the training diverges"),
        (["model.module=blobs.nets:KeepsObjects"], "keeps objects in checkpoints that are not"),
        (["trainer.devices=5000"], "trainer.devices=5000: expected at most"),
        (["trainer.precision=7"], "Precision '7' is invalid"),
        (["metrics=[accuracy]"], "metrics=accuracy: model=lightning measures itself"),
        (["split.test=0.3"], "dataset=lightning divides its data by itself"),
        (["split.folds=3"], "dataset=lightning divides its data by itself"),
        (["deployer=bentoml"], "deployer=bentoml: serves models that predict rows"),
        (["tuner=grid", "tuner.space.options.width=3"], "tuner.space.options.width: expected a"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_remedy(
    settings: list[str], expected: str, mlfw_here: Mlfw
) -> None:
    refused = mlfw_here("run", *ALLOW, *run_arguments(), *settings)

    assert refused.returncode == 2, refused.stderr
    assert expected in refused.stderr


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            ["dataset=lightning", "dataset.module=blobs.data:Blobs", "model=boosting"],
            "model=boosting: cannot learn from the kind of data that dataset=lightning gives.\n"
            "  Models that can: lightning. Data sets that model=boosting can learn from: ",
        ),
        (
            ["dataset=csv", "dataset.path=a.csv", "dataset.target=y",
             "model=lightning", "model.module=blobs.nets:Net"],
            "model=lightning: cannot learn from the kind of data that dataset=csv gives.\n"
            "  Models that can: ",
        ),
    ],
)  # fmt: skip
def test_tables_and_data_modules_do_not_mix(
    settings: list[str], expected: str, tmp_path: Path, mlfw_here: Mlfw
) -> None:
    (tmp_path / "a.csv").write_text("a,y\n" + "1,2\n3,4\n" * 20)

    refused = mlfw_here("run", *ALLOW, *settings)

    assert refused.returncode == 2
    assert expected in refused.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("blobs")
def test_such_a_model_says_that_it_takes_no_table(tmp_path: Path, mlfw_here: Mlfw) -> None:
    mlfw_here("run", *ALLOW, *run_arguments(), "trainer.epochs=1", "run.name=net")
    (tmp_path / "a.csv").write_text("a\n1\n")

    answers = [
        mlfw_here("predict", "net", "a.csv"),
        mlfw_here("predict", "net", "a.csv", *ALLOW),
        mlfw_here("evaluate", "net", "a.csv", *ALLOW),
        mlfw_here("serve", "net", *ALLOW),
        mlfw_here("deploy", "net", *ALLOW),
    ]
    nothing = mlfw_here("deploy", "net", "deployer=none", *ALLOW)

    for answer in answers:
        assert answer.returncode == 2
        assert "a model=lightning takes no table" in answer.stderr
        assert "mlfw evaluate runs/net" in answer.stderr
    assert nothing.returncode == 0, nothing.stderr


@pytest.mark.usefixtures("blobs")
def test_weights_of_another_version_of_the_code_are_refused(
    tmp_path: Path, mlfw_here: Mlfw
) -> None:
    mlfw_here("run", *ALLOW, *run_arguments(), "trainer.epochs=1", "run.name=net")
    manifest = tmp_path / "runs/net/model/manifest.json"
    manifest.write_text(manifest.read_text().replace('"options": {}', '"options": {"width": 9}'))

    refused = mlfw_here("evaluate", "net", *ALLOW)

    assert refused.returncode == 2
    assert "the saved weights do not fit the module" in refused.stderr
