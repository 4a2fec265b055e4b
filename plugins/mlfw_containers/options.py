"""What the three deployers share: the service's options, the image's name and its base."""

from __future__ import annotations

import math
import platform
import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import UserError
from mlfw.files import sha256
from mlfw.hints import override
from mlfw_bentoml import BentoML
from mlfw_containers.names import image_name, is_pinned, is_repository, is_tag, one_line

if TYPE_CHECKING:
    from mlfw_containers.context import Context

ELSEWHERE = {"name", "version", "requirements"}  # options of a Bento, not of the service
DIGITS = 12
# The Python of each minor version for which there is an image on Debian 12.
FIRST_ON_DEBIAN_12 = {(3, 11): 4}
PORT = 3000
ENDING = 10  # seconds beside those of the last request
TOKEN_FILE = "/run/secrets/token"  # noqa: S105 - where it is, not what it is


@dataclass(kw_only=True)
class Container(BentoML):
    """The base of what puts the service into a container.

    Attributes:
        name: What the service is called; the run's name where left out.
        version: The image's tag; the first digits of the saved model's SHA-256 where left out.
        image: The image's name without a tag, such as `registry.example.org/team/penguins`; the
            service's name where left out.
        base: The image to build on, with a tag or a digest. It has Python 3.11 or newer and pip.
            Where left out, it is the official one of this Python's version on Debian 12.
        insecure: Whether anybody may call who reaches the container; without it callers need the
            token in the secret `token`.
        requirements: Further pip requirements. One that names a package which is pinned anyway
            stands in its place.
    """

    serves: ClassVar[bool] = False
    exports: ClassVar[bool] = True

    image: str = ""
    base: str = ""
    insecure: bool = False

    def check(self) -> None:
        """Check what Docker would refuse only after training.

        Raises:
            UserError: The image, its tag or its base has no name that Docker takes.
        """
        if self.version and not is_tag(self.version):
            raise UserError(
                "deployer.version: expected letters, digits and any of _ . - between them, 128 at "
                f"most; found '{self.version}'.",
                "For example: deployer.version=1.0",
            )
        if self.image and not is_repository(self.image):
            raise UserError(
                "deployer.image: expected the name of an image in small letters, without a tag; "
                f"found '{self.image}'.",
                "For example: deployer.image=registry.example.org/team/penguins",
            )
        if self.base and not is_pinned(self.base):
            raise UserError(
                "deployer.base: expected an image with a tag other than latest, or with a digest; "
                f"found '{self.base}'.",
                f"For example: deployer.base={default_base()}",
            )

    def reference(self, model: Path, name: str) -> str:
        """Return the image's name and tag.

        Args:
            model: The saved model's folder.
            name: The run's name.
        """
        tag = self.version or sha256(model / "manifest.json")[:DIGITS]
        return f"{self.image or image_name(self.name or name)}:{tag}"

    def context(self, model: Path, name: str) -> Context:
        """Return what the image is made of.

        Args:
            model: The saved model's folder.
            name: The run's name.
        """
        from mlfw_containers.context import Context

        return Context(
            model=model,
            name=self.name or name,
            base=self.base or default_base(),
            settings=self.settings(name),
            insecure=self.insecure,
            requirements=self.requirements,
            grace=math.ceil(self.timeout) + ENDING,
        )

    def settings(self, name: str) -> list[str]:
        """Return the words that set the service's options on the command line of `mlfw serve`.

        Args:
            name: The run's name.
        """
        chosen: dict[str, Any] = {"name": one_line(self.name or name)}
        for option in fields(BentoML):
            value = getattr(self, option.name)
            fresh = option.default_factory() if callable(option.default_factory) else option.default
            if option.name not in ELSEWHERE and value != fresh:
                chosen[option.name] = value
        return [word(key, value) for key, value in chosen.items()]


def word(key: str, value: Any) -> str:
    """Return a setting of the service as one word that no shell reads any more."""
    (unquoted,) = shlex.split(str(override(f"serve.{key}", value)))
    return unquoted


def default_base() -> str:
    """Return the official image of this Python's version on Debian 12."""
    major, minor, patch = platform.python_version_tuple()
    number = patch
    if patch.isdigit():
        number = str(max(int(patch), FIRST_ON_DEBIAN_12.get((int(major), int(minor)), 0)))
    return f"python:{major}.{minor}.{number}-slim-bookworm"
