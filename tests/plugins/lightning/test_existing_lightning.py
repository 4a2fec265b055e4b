"""Code that imports `lightning` runs as code that imports `pytorch_lightning` does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Mlfw
from existing_package import DATA, NETS, run_arguments

ALLOW = ("--allow-import", "modern")
IMPORT = "import pytorch_lightning as pl"
SAME = """
from mlfw_lightning.existing.one_lightning import unite
unite()
unite()
import lightning as L
import pytorch_lightning as pl
import lightning.pytorch.callbacks.early_stopping as stopping
from lightning.fabric import Fabric
from lightning.pytorch.callbacks import EarlyStopping

assert (L.LightningModule, L.Trainer, L.pytorch) == (pl.LightningModule, pl.Trainer, pl)
assert EarlyStopping is pl.callbacks.EarlyStopping is stopping.EarlyStopping
assert stopping.__spec__.name == "pytorch_lightning.callbacks.early_stopping"
assert L.Fabric is Fabric and L.__version__ == pl.__version__
try:
    import lightning.pytorch.nothing
except ModuleNotFoundError as error:
    assert error.name == "lightning.pytorch.nothing"
"""


@pytest.fixture
def modern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be a package that imports `lightning` in both ways that its docs show."""
    package = tmp_path / "site/modern"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "data.py").write_text(DATA.replace(IMPORT, "import lightning as pl"))
    (package / "nets.py").write_text(NETS.replace(IMPORT, "from lightning import pytorch as pl"))
    monkeypatch.syspath_prepend(package.parent)


@pytest.mark.usefixtures("modern")
def test_a_module_and_its_data_of_lightning_are_trained_and_measured(
    tmp_path: Path, mlfw_here: Mlfw
) -> None:
    own = ("dataset.module=modern.data:Blobs", "model.module=modern.nets:Net")
    ran = mlfw_here("run", *ALLOW, *run_arguments(), *own, "trainer.epochs=15", "run.name=net")
    again = mlfw_here("evaluate", "net", *ALLOW, "--json")

    assert ran.returncode == again.returncode == 0, ran.stderr + again.stderr
    measured = json.loads((tmp_path / "runs/net/metrics.json").read_text())
    assert measured["test"]["test_acc"] > 0.8
    assert json.loads(again.stdout) == measured


def test_both_names_lead_to_the_same_classes_and_modules() -> None:
    exec(SAME, {})


@pytest.mark.slow
def test_the_rest_of_an_installed_lightning_stays_where_it_is(tmp_path: Path) -> None:
    package = tmp_path / "lightning"
    (package / "pytorch").mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError\n")
    (package / "pytorch/__init__.py").write_text("raise ImportError\n")
    (package / "data.py").write_text("WHAT = 'streams'\n")
    code = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n{SAME}"
    code += "import lightning.data\nassert lightning.data.WHAT == 'streams'\n"

    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_lightning_that_is_imported_already_is_left_alone() -> None:
    code = (
        "import sys, types\nsys.modules['lightning'] = types.ModuleType('lightning')\n"
        "from mlfw_lightning.existing.one_lightning import unite\n"
        "unite()\nimport lightning\nassert not hasattr(lightning, 'Trainer')\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
