"""A plugin for one test: a module and the entry point that pip would have installed."""

from __future__ import annotations

from pathlib import Path


def write_plugin(folder: Path, name: str, code: str) -> str:
    """Lay out a plugin as pip would, and return the folder for PYTHONPATH."""
    site = folder / f"site-{name}"
    info = site / f"mlfw_{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: mlfw-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[mlfw]\n{name} = {name}_plugin\n")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\nTag: py3-none-any\n")
    (site / f"{name}_plugin.py").write_text(code)
    files = [*info.iterdir(), site / f"{name}_plugin.py", info / "RECORD"]
    (info / "RECORD").write_text("".join(f"{file.relative_to(site)},,\n" for file in files))
    return str(site)
