"""Building a Bento: the saved model, a service of a few lines, and all that it requires."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mlfw import Deployment, MlfwError, UserError
from mlfw.files import read_json, write_bytes, write_json, write_text
from mlfw.hints import program
from mlfw.packaging import pack_requirements
from mlfw_bentoml.tags import tag_name
from mlfw_onnx import replay_sample
from mlfw_service import ServiceOptions

logger = logging.getLogger("mlfw")

REFUSED = 2
CALLERS = (
    "It answers other machines, and in a container any caller, only with a token: start it with "
    "MLFW_TOKEN set to one, or with MLFW_INSECURE=1 to let anybody call."
)
WHEELS = "wheels"
SERVICE = '''"""The saved model in `model` as a service, run as `service.json` says."""

from pathlib import Path

from bentoml.images import Image

from mlfw_bentoml.service import bento_service

service = bento_service(Path(__file__).parent)
service.image = Image().build_include("wheels")  # needed as the requirements are installed
'''


def build_bento(
    model: Path, folder: Path, options: ServiceOptions, version: str, further: Sequence[str]
) -> Deployment:
    """Build a Bento into BentoML's store.

    Args:
        model: The saved model's folder.
        folder: Where to leave a note of the Bento, and its OpenAPI document.
        options: How the Bento is served.
        version: The Bento's version; empty for one that BentoML makes up.
        further: Pip requirements beside those that are found.

    Returns:
        The Bento's tag, and how to serve it and put it into a container.

    Raises:
        UserError: BentoML refuses, for example because there is such a version already, or the
            model no longer predicts its sample as when it was saved.
    """
    with tempfile.TemporaryDirectory(prefix="mlfw-bento-") as temporary:
        context = Path(temporary)
        requirements = [
            line
            for line in pack_requirements(
                model, context / WHEELS, extras={"bentoml"}, further=further
            )
            if not line.startswith("bentoml==")  # BentoML adds itself
        ]
        shutil.copytree(model, context / "model")
        options.save(context / "service.json")
        write_text(context / "service.py", SERVICE)
        bentofile = _bentofile(model, options.name, requirements)
        write_text(context / "bentofile.yaml", yaml.safe_dump(bentofile, sort_keys=False))
        replay_sample(context / "model")
        built = _build(context, version)
    document = Path(built["path"]) / "apis" / "openapi.yaml"
    write_bytes(folder / "openapi.yaml", document.read_bytes())
    write_json(folder / "bento.json", {**built, "requirements": requirements})
    tag = built["tag"]
    bentoml = program("bentoml")
    # Without the option BentoML tells its maker of every start.
    serve = f"{bentoml} serve {tag} --do-not-track"
    return Deployment(tag, (serve, f"{bentoml} containerize {tag}"), (CALLERS,))


def _bentofile(model: Path, name: str, requirements: Sequence[str]) -> dict[str, Any]:
    manifest = read_json(model / "manifest.json")
    return {
        "service": "service:service",
        "name": tag_name(name),
        "description": f"# {name}\n\nRows to `POST /predict`, predictions back. Columns and "
        "classes are at `GET /schema`, the OpenAPI document at `GET /docs.json`.\n",
        "labels": {"mlfw": manifest["mlfw"], "model": manifest["model"]["use"]},
        "include": ["service.py", "service.json", "model/**", f"{WHEELS}/*"],
        # Locking would ask a package index, and a Bento can be built without a network.
        "python": {"packages": list(requirements), "lock_packages": False},
        "envs": [{"name": "BENTOML_DO_NOT_TRACK", "value": "True"}],
    }


def _build(context: Path, version: str) -> dict[str, str]:
    """Build in a process of its own: BentoML changes folders and keeps modules as it builds."""
    done = subprocess.run(
        [sys.executable, "-m", "mlfw_bentoml.build", version],
        cwd=context,
        env={"BENTOML_DO_NOT_TRACK": "True", **os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return dict(json.loads(done.stdout.splitlines()[-1]))
    logger.info("building a Bento:\n%s", done.stderr)
    reason = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
    if done.returncode == REFUSED:
        raise UserError(f"deployer=bentoml: {reason}", "Choose another deployer.version.")
    raise MlfwError(f"deployer=bentoml: building the Bento failed: {reason}")
