"""Write the examples in this folder anew: `python deploy/service/write.py`.

The penguins are trained and handed to each deployer; the model, the wheels and the pinned
requirements, which each installation writes for itself, are left out.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import mlfw
from mlfw_containers import Compose, Docker, Kubernetes

HERE = Path(__file__).parent
CONFIG = HERE.parent.parent / "examples/penguins/run.yaml"
# What would differ between machines is said here. `mlfw` from elsewhere spares its wheel.
SAID = {
    "base": "python:3.11.9-slim-bookworm",
    "version": "1.0",
    "requirements": ["mlfw @ https://example.org/mlfw.whl"],
}
DEPLOYERS = {
    "compose": Compose(**SAID),
    "docker": Docker(**SAID),
    "kubernetes": Kubernetes(**SAID, image="registry.example.org/penguins", memory_mb=320),
}
LEFT_OUT = {"model", "wheels", "requirements.txt"}


def write_examples(model: Path, folder: Path) -> None:
    """Write what each deployer makes of a model.

    Args:
        model: The saved model's folder.
        folder: Where to; there is a folder for each deployer.
    """
    for name, deployer in DEPLOYERS.items():
        deployer.check()
        with tempfile.TemporaryDirectory() as temporary:
            made = Path(temporary)
            deployer.deploy(model, made, "penguins")
            shutil.rmtree(folder / name, ignore_errors=True)
            shutil.copytree(
                made, folder / name, ignore=lambda _, names: LEFT_OUT.intersection(names)
            )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as runs:
        run = mlfw.run(CONFIG, ["tuner=none", f"run.dir={runs}/penguins"])
        write_examples(run.dir / "model", HERE)
