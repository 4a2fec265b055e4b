"""The last stage: hand the saved model to a deployer."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mlfw.components import Deployer, Deployment
from mlfw.files import new_folder, write_json
from mlfw.pipeline.work import Work
from mlfw.runs import RunDirectory

NOTE = "deployment.json"


def deploy(work: Work) -> None:
    """Deploy the saved model with the configured deployer."""
    config = work.config
    name = config.choice("deployer")

    def act() -> None:
        deployment = deploy_with(config.deployer, name, work.directory)
        for note in deployment.notes if deployment else ():
            work.monitor.note(note)

    def inputs() -> list[Any]:
        return [
            work.fingerprints["fit"],
            config.frozen["deployer"],
            work.plugin_version("deployer"),
        ]

    made = [work.directory.deployments / name]
    work.stage("deploy", inputs, f"deployer {name}", act, made)


def deploy_with(deployer: Deployer, name: str, run: RunDirectory) -> Deployment | None:
    """Deploy a run's saved model, keeping what is made in the run directory.

    Args:
        deployer: The deployer.
        name: Its component's name, which names the folder.
        run: The run.
    """
    folder = run.deployments / name
    try:
        with new_folder(folder) as temporary:
            deployment = deployer.deploy(run.model.absolute(), temporary, run.path.name)
            if deployment is not None and deployer.exports:
                deployment = replace(deployment, artifact=str(folder / deployment.artifact))
            if deployment is not None:
                write_json(temporary / NOTE, asdict(deployment))
        if deployment is not None:
            run.update(deployed=deployment.artifact)
    finally:
        _remove_if_empty(folder)
        _remove_if_empty(run.deployments)
    return deployment


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
