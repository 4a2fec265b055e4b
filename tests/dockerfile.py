"""Doing what a Dockerfile says, where there is no Docker: in a folder that stands for `/`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

TOP = re.compile(r"(?<![\w/.])/(?=(?:opt|srv|build|tmp|run|etc)(?:/|\b))")


@dataclass
class Image:
    """What a build has come to.

    Attributes:
        root: The folder that stands for `/`; absolute paths in commands lead into it.
        env: Variables that `ENV` has set.
        workdir: The current folder, within the image.
        user: What `USER` says.
        labels: The labels.
        entrypoint: The command.
        cmd: Its usual options.
        health: The command of the health check.
    """

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "root"
    labels: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def inside(self, text: str) -> str:
        """Return a text with every absolute path led into the folder."""
        return TOP.sub(f"{self.root}/", text)

    def environment(self) -> dict[str, str]:
        """Return the environment of a process in the image: nothing of the tests' own."""
        network = {k: v for k, v in os.environ.items() if k.lower().startswith(("pip_", "http", "no_proxy", "ssl"))}  # fmt: skip # noqa: E501
        own = {name: self.inside(value) for name, value in self.env.items()}
        path = f"{own.pop('PATH', '')}:{Path(sys.executable).parent}:/usr/bin:/bin"
        return {**network, **own, "PATH": path.replace("$PATH:", "").lstrip(":")}

    def run(self, command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        """Run a command in the image."""
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [self.inside(word) for word in command],
            cwd=self.root / self.workdir.lstrip("/"), env=self.environment(),
            capture_output=True, text=True, **options,
        )  # fmt: skip


def build(context: Path, folder: Path) -> Image:
    """Build what the Dockerfile of a context says, as far as it needs no container.

    Of each stage the files are kept in a folder of its own; the stage at hand is always at the
    same place, as a virtual environment cannot be moved.

    Args:
        context: The folder with the Dockerfile.
        folder: Where to build; an empty one.
    """
    stages: dict[str, Path] = {}
    name, image = "", Image(folder / "root")
    for word, rest in instructions((context / "Dockerfile").read_text()):
        if word == "FROM":
            if image.root.exists():
                stages[name] = image.root.rename(folder / f"stage-{name}")
            name = rest.partition(" AS ")[2]
            image = Image(folder / "root")
            (image.root / "tmp").mkdir(parents=True)
        elif word == "COPY":
            _copy(rest, context, stages, image)
        elif word == "RUN":
            command = json.loads(rest) if rest.startswith("[") else ["/bin/sh", "-c", rest]
            done = image.run(command)
            assert done.returncode == 0, f"{rest}\n{done.stdout}\n{done.stderr}"
        else:
            _note(word, rest, image)
    return image


def instructions(text: str) -> list[tuple[str, str]]:
    """Return each instruction and what follows it."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(w, r.strip()) for w, _, r in (line.partition(" ") for line in joined.splitlines() if line)]  # fmt: skip # noqa: E501


def _copy(rest: str, context: Path, stages: dict[str, Path], image: Image) -> None:
    *options, source, target = rest.split()
    place = context / source
    if options:
        (stage,) = [option.removeprefix("--from=") for option in options]
        place = stages[stage] / source.lstrip("/")
    whole = image.root / target.lstrip("/")
    if not target.startswith("/"):
        whole = image.root / image.workdir.lstrip("/") / target
    if place.is_dir():
        shutil.copytree(place, whole, symlinks=True, dirs_exist_ok=True)
    else:
        whole = whole / place.name if target.endswith("/") else whole
        whole.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(place, whole)


def _note(word: str, rest: str, image: Image) -> None:
    if word == "ENV":
        image.env.update(pair.split("=", 1) for pair in rest.split())
    elif word == "LABEL":
        pairs = re.findall(r'(\S+?)="((?:[^"\\]|\\.)*)"', rest)
        image.labels.update({key: re.sub(r"\\(.)", r"\1", value) for key, value in pairs})
    elif word == "WORKDIR":
        image.workdir = rest
        (image.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
    elif word == "USER":
        image.user = rest
    elif word == "ENTRYPOINT":
        image.entrypoint = json.loads(rest)
    elif word == "CMD":
        image.cmd = json.loads(rest)
    elif word == "HEALTHCHECK":
        image.health = json.loads(rest.partition("CMD ")[2])
    else:
        assert word == "EXPOSE", word
