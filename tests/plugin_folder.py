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
    (site / f"{name}_plugin.py").write_text(code)
    return str(site)
