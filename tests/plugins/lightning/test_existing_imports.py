"""Nothing but the command line lets code be imported that a file names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from conftest import Mlfw
from existing_package import run_arguments, write_package

MARK = "imported"


def no_mark(folder: Path) -> bool:
    return not (folder / MARK).exists()


@pytest.fixture
def marking(tmp_path: Path, mlfw: Mlfw) -> Mlfw:
    """Run the command where importing the package leaves a mark."""
    folder = write_package(tmp_path / "site")

    def run(*arguments: object) -> object:
        return mlfw(*arguments, PYTHONPATH=str(folder), BLOBS_MARK=str(tmp_path / MARK))

    return run  # type: ignore[return-value]


@pytest.mark.parametrize(
    "grant",
    [
        {"allow_import": ["blobs"]},
        {"run": {"allow_import": ["blobs"]}},
        {"model": {"use": "lightning", "allow_import": ["blobs"]}},
        {"dataset": {"use": "lightning", "imports": {"packages": ["blobs"]}}},
    ],
)
def test_a_configuration_file_cannot_grant_it(
    grant: dict[str, object], tmp_path: Path, mlfw_here: Mlfw
) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(grant))

    refused = mlfw_here("run", "c.yaml", *run_arguments())

    assert refused.returncode == 2
    assert "c.yaml: unknown key" in refused.stderr


def test_without_the_grant_nothing_is_imported(marking: Mlfw, tmp_path: Path) -> None:
    refused = marking("run", *run_arguments())
    shown = marking("config", *run_arguments())

    assert refused.returncode == 2
    assert "dataset.module=blobs.data:Blobs: names code of blobs, which only" in refused.stderr
    assert "type: mlfw run --allow-import blobs dataset=lightning" in refused.stderr
    assert shown.returncode == 0
    assert no_mark(tmp_path)
    assert not (tmp_path / "runs").exists()


def test_a_grant_holds_for_its_package_alone(marking: Mlfw, tmp_path: Path) -> None:
    refused = marking("run", "--allow-import", "shop", *run_arguments())

    assert refused.returncode == 2
    assert "which only the command line can allow to be imported; it allows shop" in refused.stderr
    assert no_mark(tmp_path)


@pytest.mark.parametrize("name", ["blobs.nets", "blobs:Net", "../blobs", ""])
def test_only_a_top_level_package_can_be_granted(name: str, mlfw_here: Mlfw) -> None:
    refused = mlfw_here("run", "--allow-import", name, *run_arguments())

    assert refused.returncode == 2
    assert f"--allow-import {name}: expected the name of a top-level package" in refused.stderr


@pytest.mark.usefixtures("blobs")
def test_a_saved_model_cannot_grant_other_code(tmp_path: Path, mlfw_here: Mlfw) -> None:
    ran = mlfw_here(
        "run", "--allow-import", "blobs", *run_arguments(), "trainer.epochs=1", "run.name=net"
    )
    assert ran.returncode == 0, ran.stderr
    file = tmp_path / "runs/net/model/manifest.json"
    manifest = json.loads(file.read_text())
    manifest["model"]["module"] = "os:system"
    manifest["allow_import"] = ["os"]
    file.write_text(json.dumps(manifest))

    refused = mlfw_here("evaluate", "net", "--allow-import", "blobs")

    assert refused.returncode == 2
    assert "manifest.json: model.module=os:system: names code of os" in refused.stderr


@pytest.mark.slow
def test_the_working_folder_is_not_searched(tmp_path: Path, mlfw: Mlfw) -> None:
    write_package(tmp_path)

    refused = mlfw(
        "run", "--allow-import", "blobs", *run_arguments(), BLOBS_MARK=str(tmp_path / MARK)
    )

    assert refused.returncode == 2
    assert "there is no package 'blobs' to import; the folder you are in" in refused.stderr
    assert "pip install -e FOLDER" in refused.stderr
    assert no_mark(tmp_path)
