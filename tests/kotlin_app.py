"""Compiling an exported Android project against stand-ins, and running it on the JVM.

Android, JUnit and the runtimes are stand-ins, which hold what the project uses of them; the model
itself is run by the test, which the stand-in of its runtime asks by a line of JSON.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

STUBS = Path(__file__).parent / "kotlin_stubs"
VERSION = "2.4.20"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mlfw-tests"

Run = Callable[[dict[str, np.ndarray]], list[tuple[str, np.ndarray]]]


def kotlin_compiler() -> Path | None:
    """Return `kotlinc`, by MLFW_KOTLINC or from npm; None where there is no Java or npm."""
    if shutil.which("java") is None:
        return None
    if named := os.environ.get("MLFW_KOTLINC"):
        return Path(named)
    folder = CACHE / f"kotlin-{VERSION}"
    compiler = folder / "node_modules/kotlin-compiler/bin/kotlinc"
    if not compiler.exists():
        npm = shutil.which("npm")
        if npm is None:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        package = f"kotlin-compiler@{VERSION}"
        subprocess.run([npm, "install", "--no-save", "--prefix", folder, package], check=True)
    return compiler


def compiled(compiler: Path, projects: list[Path], folder: Path) -> Path:
    """Return a jar of projects, with a program `Main` for each.

    Args:
        compiler: `kotlinc`.
        projects: Folders `android` as exported, with different packages.
        folder: Where to write.
    """
    sources = []
    for file in STUBS.glob("*.kt.txt"):
        for place, text in enumerate(re.split(r"(?m)^(?=package )", file.read_text())[1:]):
            sources.append(folder / f"{file.name.split('.')[0]}{place}.kt")
            sources[-1].write_text(text)
    for project in projects:
        found = sorted(project.glob("app/src/*/java/**/*.kt"))
        package = re.match(r"package (\S+)", found[0].read_text())
        assert package
        main = folder / package[1] / "Main.kt"
        main.parent.mkdir()
        main.write_text((STUBS / "Main.kt").read_text().replace("@PACKAGE@", package[1]))
        sources += [*found, main]
    jar = folder / "app.jar"
    made = subprocess.run(
        ["bash", compiler, "-jvm-target", "17", "-include-runtime", "-d", jar, *sources],
        capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return jar


def run_app(jar: Path, project: Path, run: Run) -> list[str]:
    """Return what `Main` prints, while a function runs the model.

    Args:
        jar: What `compiled` returned.
        project: The folder `android`.
        run: Takes the inputs of a row and returns outputs with their names.
    """
    (row,) = project.glob("app/src/main/java/**/Row.kt")
    package = row.read_text().split()[1]
    process = subprocess.Popen(
        ["java", "-cp", jar, f"{package}.MainKt"],
        cwd=project / "app", text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    assert process.stderr
    said = []
    for line in process.stdout:
        if not line.startswith("RUN "):
            said.append(line.rstrip("\n"))
            continue
        inputs = {n: _array(v) for n, v in json.loads(line.removeprefix("RUN ")).items()}
        outputs = [
            [name, values.ravel().tolist(), [0] * values.ndim] for name, values in run(inputs)
        ]
        process.stdin.write(json.dumps({"outputs": outputs}) + "\n")
        process.stdin.flush()
    errors = process.stderr.read()
    assert process.wait() == 0, errors
    return said


def _array(value: Any) -> np.ndarray:
    if isinstance(value, dict):
        numbers = [np.nan if each is None else each for each in value["values"]]
        return np.array(numbers, value["type"])
    if all(isinstance(each, str) for each in value):
        return np.array(value, object)
    return np.stack([_array(each) for each in value])
