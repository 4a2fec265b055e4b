"""The folder that an image is built from: Dockerfile, model, wheels and requirements."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlfw.errors import listing
from mlfw.files import read_json, write_bytes, write_text
from mlfw.packaging import pack_requirements
from mlfw_containers.names import docker_text
from mlfw_containers.options import PORT, TOKEN_FILE

MODEL, WHEELS = "/srv/model", "wheels"
USER = 10001  # none of the base image, and none of a host
HEALTHY = (
    "from urllib.request import urlopen; "
    f"urlopen('http://127.0.0.1:{PORT}/readyz', timeout=4).close()"
)
IGNORED = """# All that is not needed is left out of what is sent to the builder.
*
!requirements.txt
!wheels
!model
"""
DOCKERFILE = """\
# The service of a saved model, written by mlfw {version}. README.md says how to build and run it.
FROM {base} AS build
WORKDIR /build
COPY requirements.txt ./
COPY wheels/ wheels/
# A virtual environment of its own leaves pip and its cache out of the image.
RUN python -m venv /opt/mlfw \\
    && /opt/mlfw/bin/python -m pip install --no-cache-dir --disable-pip-version-check \\
        --requirement requirements.txt

FROM {base}
{labels}
COPY --from=build /opt/mlfw /opt/mlfw
COPY model/ {model}/
ENV PATH=/opt/mlfw/bin:$PATH \\
    HOME=/tmp \\
    PYTHONDONTWRITEBYTECODE=1 \\
    PYTHONUNBUFFERED=1 \\
    BENTOML_DO_NOT_TRACK=True
# The build ends here if the model does not predict what it predicted when it was saved.
RUN ["python", "-m", "mlfw_containers.check", "{model}"]
USER {user}:{user}
WORKDIR /tmp
EXPOSE {port}
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \\
    CMD ["python", "-I", "-c", {healthy}]
ENTRYPOINT ["mlfw", "serve", "{model}", "--host", "0.0.0.0", "--port", "{port}"]
# What follows the image's name in `docker run` takes the place of these options.
CMD {options}
"""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What an image is made of.

    Attributes:
        model: The saved model's folder.
        name: The service's name.
        base: The image to build on.
        settings: Words for the command line of `mlfw serve`.
        insecure: Whether callers need no token.
        requirements: Further pip requirements.
        grace: Seconds that the service may take to end, as it answers what it has begun.
    """

    model: Path
    name: str
    base: str
    settings: Sequence[str] = ()
    insecure: bool = False
    requirements: Sequence[str] = ()
    grace: int = 70

    def write(self, folder: Path) -> None:
        """Write the folder; whoever builds the image or runs it may read every file.

        Args:
            folder: An empty folder.

        Raises:
            UserError: A requirement is malformed, or a wheel cannot be made.
        """
        write_text(folder / "Dockerfile", self.dockerfile())
        write_text(folder / ".dockerignore", IGNORED)
        lines = pack_requirements(
            self.model, folder / WHEELS, extras={"bentoml"}, further=self.requirements
        )
        write_text(folder / "requirements.txt", "".join(f"{line}\n" for line in lines))
        for file in sorted(self.model.rglob("*")):
            if file.is_file():
                write_bytes(folder / "model" / file.relative_to(self.model), file.read_bytes())
        make_readable(folder)

    def dockerfile(self) -> str:
        """Return the Dockerfile."""
        manifest = read_json(self.model / "manifest.json")
        labels = " \\\n      ".join(
            f"{key}={docker_text(value)}" for key, value in self._labels(manifest).items()
        )
        return DOCKERFILE.format(
            version=manifest["mlfw"],
            base=self.base,
            labels=f"LABEL {labels}",
            model=MODEL,
            user=USER,
            port=PORT,
            healthy=json.dumps(HEALTHY),
            options=json.dumps(self.command(), ensure_ascii=False),
        )

    def command(self) -> list[str]:
        """Return the options that the image's command line ends with."""
        access = ["--insecure"] if self.insecure else ["--token-file", TOKEN_FILE]
        return [*access, *self.settings]

    def _labels(self, manifest: Mapping[str, Any]) -> dict[str, str]:
        """Return labels of the Open Container Initiative, and what mlfw knows besides."""
        card = self.card()
        labels = {
            "org.opencontainers.image.title": self.name,
            "org.opencontainers.image.description": summary(card),
            "org.opencontainers.image.base.name": f"docker.io/library/{self.base}"
            if "/" not in self.base
            else self.base,
        }
        if card.get("license"):
            labels["org.opencontainers.image.licenses"] = str(card["license"])
        return {
            **labels,
            "mlfw.version": str(manifest["mlfw"]),
            "mlfw.model": str(manifest["model"]["use"]),
        }

    def card(self) -> dict[str, Any]:
        """Return the model's card; an empty one where there is none."""
        path = self.model / "card.json"
        return dict(read_json(path)) if path.is_file() else {}


def make_readable(folder: Path) -> None:
    """Let every user read what is in a folder, as containers have users of their own."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def summary(card: Mapping[str, Any]) -> str:
    """Return what a model does in one sentence.

    Args:
        card: The model's card.
    """
    targets = listing(str(target["name"]) for target in card.get("targets", ()))
    inputs = len(card.get("inputs", ()))
    columns = "1 column" if inputs == 1 else f"{inputs} columns"
    return f"Predicts {targets} from {columns}." if targets and inputs else "A model of mlfw."
