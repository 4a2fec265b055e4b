"""The deployer `docker`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlfw import Deployment
from mlfw.files import write_text
from mlfw_containers.options import Container


@dataclass(kw_only=True)
class Docker(Container):
    """A Dockerfile and all that an image of the service is built from.

    Nothing but the base image and the pinned packages is fetched when it is built: mlfw and the
    plugin of the model lie in the folder as wheels. The image needs no root and writes only to
    `/tmp`.
    """

    def deploy(self, model: Path, folder: Path, name: str) -> Deployment:
        """Write the image's folder, with a `README.md` that says how to build and run it."""
        from mlfw_containers.readme import docker_readme

        context = self.context(model, name)
        context.write(folder)
        reference = self.reference(model, name)
        write_text(folder / "README.md", docker_readme(context, reference))
        return Deployment("Dockerfile", notes=(f"The image is called {reference}.",))
